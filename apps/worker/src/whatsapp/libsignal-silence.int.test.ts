import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** Runs the built session replacement in a process of its own and returns its output. */
async function run(
  mode: 'with-repair' | 'without-repair',
): Promise<{ code: number | null; output: string; secrets: string[] }> {
  const script = fileURLToPath(new URL('../../dist/testing/replace-session.js', import.meta.url));
  const child = spawn(process.execPath, [script, mode], {
    env: { PATH: process.env.PATH ?? '', TEST_POOL_URL: database.url },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  let secrets: string[] = [];
  child.on('message', (message) => {
    secrets = message as string[];
  });
  // Waits for `close`, not `exit`: output may come after the exit.
  await once(child, 'close');
  return { code: child.exitCode, output: Buffer.concat(chunks).toString(), secrets };
}

it('libsignal as it comes prints private keys when a session is replaced', async () => {
  const { code, output } = await run('without-repair');
  expect(code).toBe(0);
  expect(output).toMatch(/Closing session/);
  expect(output).toMatch(/privKey|rootKey/);
});

it('nothing of it reaches stdout or stderr of a worker, and what we print ourselves does', async () => {
  const { code, output, secrets } = await run('with-repair');
  expect(code).toBe(0);
  expect(output).toMatch(/our own line/);
  expect(output).not.toMatch(/Closing session|SessionEntry|_chains|rootKey|privKey/);
  expect(secrets.length).toBeGreaterThan(5);
  for (const secret of secrets) expect(output).not.toContain(secret);
});
