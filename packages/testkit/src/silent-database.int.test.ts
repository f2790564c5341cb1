import { createPool, isDatabaseUnavailable } from '@wa-gate/db';
import { expect, it } from 'vitest';
import { createTestDatabase } from './database.ts';
import { createFaultProxy } from './fault-proxy.ts';

it('a PostgreSQL that has gone silent fails the statement in time, as unavailable, and is used again when it speaks', async () => {
  const database = await createTestDatabase();
  const proxy = await createFaultProxy(database.url);
  const pool = createPool({ url: proxy.url, name: 'test', max: 1, statementTimeoutMs: 2_000, silenceTimeoutMs: 3_000 });
  await pool.query('SELECT 1');

  proxy.set('stall');
  const error = await pool.query('SELECT 1').catch((reason: unknown) => reason);
  expect(isDatabaseUnavailable(error)).toBe(true);

  proxy.set('forward');
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
  await proxy.close();
  await database.drop();
});
