import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isDatabaseUnavailable } from './errors.ts';
import { createPool, inTransaction, type Pool } from './pool.ts';

// Without the testkit, which depends on this package: one table in the maintenance database.
const table = `pool_test_${randomBytes(6).toString('hex')}`;
const insert = `INSERT INTO ${table} VALUES (1)`;
let pool: Pool;
beforeAll(async () => {
  pool = createPool({ url: process.env.TEST_DATABASE_URL!, name: 'pool-test', max: 2 });
  await pool.query(`CREATE TABLE ${table} (n int)`);
});
afterAll(async () => {
  await pool?.query(`DROP TABLE ${table}`);
  await pool?.end();
});

const rowCount = async () => (await pool.query(`SELECT 1 FROM ${table}`)).rowCount;

it('a transaction that throws leaves nothing behind', async () => {
  const failing = inTransaction(pool, async (tx) => {
    await tx.query(insert);
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await rowCount()).toBe(0);
});

it('a connection that dies between two statements fails the transaction, not the process', async () => {
  const cut = inTransaction(pool, async (tx) => {
    await tx.query(insert);
    const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const lost = new Promise((resolve) => tx.once('end', resolve));
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
    await lost;
    await tx.query(insert);
  });
  const error = await cut.catch((thrown: unknown) => thrown);
  expect(isDatabaseUnavailable(error)).toBe(true);
  expect(await rowCount()).toBe(0);
  await inTransaction(pool, (tx) => tx.query(insert));
  expect(await rowCount()).toBe(1);
});
