import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assertMasterKey } from '@wa-gate/db';
import { createTestDatabase, freePort, spawnApp, type TestDatabase, testRedisUrl } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ENTRY = fileURLToPath(new URL('../bundle/main.js', import.meta.url));

let database: TestDatabase;
/** One media store for all processes of the database: another one would be refused. */
let mediaDir: string;
let taken: Server;
let takenPort: number;
beforeAll(async () => {
  database = await createTestDatabase();
  mediaDir = await mkdtemp(join(tmpdir(), 'wag-media-'));
  taken = createServer();
  takenPort = await freePort();
  taken.listen(takenPort, '127.0.0.1');
  await once(taken, 'listening');
});
afterAll(async () => {
  taken?.close();
  await database?.drop();
  await rm(mediaDir, { recursive: true, force: true });
});

const environment = (overrides: Record<string, string> = {}): Record<string, string> => ({
  WORKER_ID: 'worker-1',
  GATEWAY_URL: 'http://127.0.0.1:9',
  DATABASE_URL: database.url,
  REDIS_URL: testRedisUrl(),
  WAG_MASTER_KEY: randomBytes(32).toString('base64'),
  WORKER_AUTH_TOKEN: 'join-token-of-the-test',
  SANDBOX_URL: 'http://127.0.0.1:9',
  MEDIA_DIR: mediaDir,
  LOG_LEVEL: 'silent',
  ...overrides,
});

/** Starts a worker that cannot start: its exit code and its one sentence. */
async function refusal(overrides: Record<string, string>): Promise<[code: number | null, sentence: string]> {
  const app = spawnApp({ entry: ENTRY, env: environment(overrides) });
  const code = await app.exited();
  return [code, app.output().trim()];
}

it.each<[string, () => Record<string, string>, RegExp]>([
  [
    'a variable is missing',
    () => ({ WORKER_ID: '' }),
    /^worker: The environment is not valid: WORKER_ID is missing\.$/,
  ],
  ['the sandbox is not named', () => ({ SANDBOX_URL: '' }), /SANDBOX_URL is missing/],
  ['the master key is none', () => ({ WAG_MASTER_KEY: 'short' }), /WAG_MASTER_KEY must be 32 bytes in base64/],
  ['the port is taken', () => ({ PORT: String(takenPort) }), /^worker: Port \d+ is taken on 127\.0\.0\.1\./],
  [
    'PostgreSQL does not answer',
    () => ({ DATABASE_URL: 'postgresql://127.0.0.1:9/x' }),
    /^worker: PostgreSQL does not answer at 127\.0\.0\.1:9 \(ECONNREFUSED\)/,
  ],
])('ends with one clear sentence when %s', async (_, overrides, sentence) => {
  // The first process stores the master key. Each attempt has a key of its own, so it must not be the first.
  await assertMasterKey(database.pool, [Buffer.alloc(32, 1)]);
  const [code, output] = await refusal({ WAG_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'), ...overrides() });
  expect(output).toMatch(sentence);
  expect(output.split('\n')).toHaveLength(1);
  expect(code).toBe(1);
});

it('refuses a media store that is not the one of the other processes, and says which it is', async () => {
  await assertMasterKey(database.pool, [Buffer.alloc(32, 1)]);
  await database.pool.query(`UPDATE installation SET media_store = 'local:another', media_store_seen_at = now()`);
  const [code, output] = await refusal({ WAG_MASTER_KEY: Buffer.alloc(32, 1).toString('base64') });
  await database.pool.query('UPDATE installation SET media_store = NULL');
  expect(output).toMatch(
    /^worker: MEDIA_DIR \(.*\) is not the media store of the other processes.*theirs is local:another/,
  );
  expect(code).toBe(1);
});

it('refuses a master key that is not the one of this database, and changes nothing', async () => {
  await assertMasterKey(database.pool, [Buffer.alloc(32, 1)]);
  const [code, output] = await refusal({ WAG_MASTER_KEY: Buffer.alloc(32, 2).toString('base64') });
  expect(output).toMatch(/WAG_MASTER_KEY is not the key that this database was set up with/);
  expect(code).toBe(1);
});

it('waits for a gateway that is away, alive but not ready, and ends in order', async () => {
  await assertMasterKey(database.pool, [Buffer.alloc(32, 1)]);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const masterKey = Buffer.alloc(32, 1).toString('base64');
  const env = environment({ PORT: String(port), WAG_MASTER_KEY: masterKey, LOG_LEVEL: 'warn' });
  const app = spawnApp({ entry: ENTRY, env });
  try {
    await expect
      .poll(
        () =>
          fetch(`${url}/livez`).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 25_000 },
      )
      .toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    // What it warns of is for administrators to read (MR-134).
    const warned = async () =>
      (await database.pool.query('SELECT service, worker_id FROM system_logs WHERE level = $1', ['WARN'])).rows[0];
    await expect.poll(warned, { timeout: 25_000 }).toEqual({ service: 'worker', worker_id: 'worker-1' });
  } finally {
    expect(await app.stop('SIGTERM')).toBe(0);
  }
});
