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

it.each([
  { findsByKeys: true, scan: 'Index Scan' },
  { findsByKeys: false, scan: 'Seq Scan' },
])(
  'a plan that is made while a table is nearly empty is kept: findsByKeys $findsByKeys',
  async ({ findsByKeys, scan }) => {
    const planning = createPool({ url: process.env.TEST_DATABASE_URL!, name: 'pool-test-plans', max: 1, findsByKeys });
    try {
      await planning.query('CREATE TEMP TABLE few (id int PRIMARY KEY, word text)');
      await planning.query(`INSERT INTO few VALUES (1, 'one'); ANALYZE few`);
      const find = { name: 'find-few', text: 'SELECT word FROM few WHERE id = $1', values: [1] };
      for (let times = 0; times < 7; times++) await planning.query(find);
      await planning.query(`INSERT INTO few SELECT n, 'more' FROM generate_series(2, 10000) AS n`);
      await planning.query('SET plan_cache_mode = force_generic_plan');
      const { rows } = await planning.query<{ 'QUERY PLAN': string }>('EXPLAIN EXECUTE "find-few" (1)');
      expect(rows[0]!['QUERY PLAN']).toContain(scan);
    } finally {
      await planning.end();
    }
  },
);

it('options of the URL stand beside those of finding by keys, and win', async () => {
  const url = new URL(process.env.TEST_DATABASE_URL!);
  url.searchParams.set('options', '-c geqo=off -c jit=on');
  const own = createPool({ url: url.href, name: 'pool-test-options', max: 1, findsByKeys: true });
  try {
    const names = ['enable_seqscan', 'geqo', 'jit'];
    const { rows } = await own.query<{ value: string }>(
      'SELECT current_setting(name) AS value FROM unnest($1::text[]) AS name',
      [names],
    );
    expect(rows.map(({ value }) => value)).toEqual(['off', 'off', 'on']);
  } finally {
    await own.end();
  }
});
