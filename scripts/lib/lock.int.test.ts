import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { oneAtATime, takeLock, takeLockInTurn } from './lock.mjs';
import { identify } from './process-identity.mjs';
import { useTempDirs } from './temp-dir.testing.ts';

const tempDir = useTempDirs();

test('is held by one, and free again after its release', () => {
  const path = join(tempDir(), 'lock');
  const first = takeLock(path);
  expect(first.taken).toBe(true);
  expect(takeLock(path)).toEqual({ taken: false, holder: { ...identify(process.pid), isStopping: false } });
  if (first.taken) first.lock.release();
  expect(existsSync(path)).toBe(false);
  expect(takeLock(path).taken).toBe(true);
});

describe('when somebody holds it', () => {
  const { signal } = new AbortController();
  const hold = (path: string) => {
    const attempt = takeLock(path);
    if (!attempt.taken) throw new Error('not free');
    return attempt.lock;
  };

  test('who stays, a newcomer gives way', async () => {
    const path = join(tempDir(), 'lock');
    hold(path);
    expect(await takeLockInTurn(path, { signal, onWait: () => expect.fail('waits') })).toBeUndefined();
  });

  test('who stops, a newcomer waits its turn', async () => {
    const path = join(tempDir(), 'lock');
    const lock = hold(path);
    lock.announceStop();
    // Longer than the wait for a holder that does not stop.
    const release = () => setTimeout(() => lock.release(), 1_200);
    expect(await takeLockInTurn(path, { signal, onWait: release })).toBeDefined();
  });
});

test('work is done by one at a time, and who has waited knows it', async () => {
  const path = join(tempDir(), 'lock');
  const log: string[] = [];
  const work = (name: string) =>
    oneAtATime(path, { onWait: () => log.push(`${name} waits`) }, async (hasWaited) => {
      log.push(`${name} begins, ${hasWaited ? 'after another' : 'at once'}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
      log.push(`${name} ends`);
    });
  await Promise.all([work('one'), work('two')]);
  expect(log).toEqual(['one begins, at once', 'two waits', 'one ends', 'two begins, after another', 'two ends']);
  await expect(oneAtATime(path, {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(path)).toBe(false);
});

test.each([
  ['a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, startTime: '1' })],
  ['an earlier process with the number of a living one', JSON.stringify({ pid: process.pid, startTime: '1' })],
  ['nobody who can be read', '{"pid": 12'],
])('is taken from %s', (_whom, content) => {
  const folder = tempDir();
  const path = join(folder, 'lock');
  writeFileSync(path, content);
  expect(takeLock(path).taken).toBe(true);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(identify(process.pid));
  expect(readdirSync(folder)).toEqual(['lock']);
});

test('of many processes that find a dead holder at once, exactly one takes it', async () => {
  const path = join(tempDir(), 'lock');
  writeFileSync(path, JSON.stringify({ pid: process.pid, startTime: '1' }));
  const script = `
    import { takeLock } from ${JSON.stringify(join(import.meta.dirname, 'lock.mjs'))};
    process.stdin.once('data', () => {
      process.stdout.write(takeLock(${JSON.stringify(path)}).taken ? 'taken' : 'refused');
      process.stdin.once('data', () => process.exit());
    });
    process.stdout.write('ready ');`;
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const outputs = children.map((child) => collect(child.stdout));
  await Promise.all(outputs.map((output) => output.until('ready')));
  for (const child of children) child.stdin.write('go');
  await Promise.all(outputs.map((output) => output.until('taken', 'refused')));
  expect(outputs.filter((output) => output.text().includes('taken'))).toHaveLength(1);
  for (const child of children) child.stdin.write('end');
  await Promise.all(children.map((child) => once(child, 'exit')));
});

function collect(stream: NodeJS.ReadableStream) {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  return {
    text: () => text,
    async until(...words: string[]) {
      while (!words.some((word) => text.includes(word))) await once(stream, 'data');
    },
  };
}
