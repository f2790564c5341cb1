import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { assertMasterKey, createPool } from '@wa-gate/db';
import { parseMasterKeys, readConfig } from '@wa-gate/kit';
import { createTestDatabase } from '@wa-gate/testkit';
import { expect, it } from 'vitest';
import { ConfigSchema } from './config.ts';
import { explainStartFailure } from './start-failure.ts';

const failureOf = async (run: () => unknown): Promise<unknown> => {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing failed');
};

it('names every variable that is missing or wrong (MR-176)', async () => {
  const error = await failureOf(() => readConfig(ConfigSchema, { PORT: 'x', ROLE: 'both', REDIS_URL: 'redis://x' }));
  const sentence = explainStartFailure(error, {});
  for (const name of ['PORT', 'ROLE', 'DATABASE_URL', 'WAG_MASTER_KEY', 'WORKER_AUTH_TOKEN'])
    expect(sentence).toContain(name);
  expect(sentence).not.toContain('REDIS_URL');
});

it('names the port that is taken', async () => {
  const first = createServer();
  await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve));
  const { port } = first.address() as AddressInfo;
  const error = await failureOf(
    () => new Promise((_resolve, reject) => createServer().on('error', reject).listen(port, '127.0.0.1')),
  );
  first.close();
  expect(explainStartFailure(error, { HOST: '127.0.0.1', PORT: port })).toMatch(`Port ${port} is taken on 127.0.0.1.`);
});

const connecting = (url: string) => async () => {
  const pool = createPool({ url, name: 'test', max: 1 });
  try {
    await assertMasterKey(pool, [randomBytes(32)]);
  } finally {
    await pool.end();
  }
};

it('says that PostgreSQL does not answer, without the password', async () => {
  const url = 'postgresql://me:secret@127.0.0.1:1/db';
  const sentence = explainStartFailure(await failureOf(connecting(url)), { DATABASE_URL: url });
  expect(sentence).toMatch(/^PostgreSQL does not answer at 127.0.0.1:1 \(ECONNREFUSED\)/);
  expect(sentence).not.toContain('secret');
});

it('says that the database does not exist or is not migrated', async () => {
  const missing = new URL(process.env.TEST_DATABASE_URL!);
  missing.pathname = '/wag_no_such_database';
  expect(explainStartFailure(await failureOf(connecting(missing.href)), {})).toContain('does not exist');
  expect(explainStartFailure(await failureOf(connecting(process.env.TEST_DATABASE_URL!)), {})).toContain(
    'not migrated',
  );
});

it('says that the master key is another one, or none', async () => {
  const database = await createTestDatabase();
  await assertMasterKey(database.pool, [randomBytes(32)]);
  const other = await failureOf(() => assertMasterKey(database.pool, [randomBytes(32)]));
  await database.drop();
  expect(explainStartFailure(other, {})).toContain('WAG_MASTER_KEY is not the key');
  expect(explainStartFailure(await failureOf(() => parseMasterKeys('short')), {})).toContain('must be 32 bytes');
});

it('does not pretend to know what it does not know', () => {
  expect(explainStartFailure(new TypeError('x is not a function'), {})).toBeNull();
});
