import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyMigrations } from './engine/apply-migrations.mjs';

const SCRIPT = join(import.meta.dirname, 'stored-state.mjs');
const MIGRATIONS = join(import.meta.dirname, '../../../prisma/migrations');

const name = `stored_state_${randomUUID().slice(0, 8)}`;
const url = new URL(process.env.TEST_DATABASE_URL!);
url.pathname = `/${name}`;
let client: pg.Client;

beforeAll(async () => {
  await applyMigrations({ url: url.href, migrationsDir: MIGRATIONS });
  client = new pg.Client({ connectionString: url.href });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  const admin = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL! });
  await admin.connect();
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.end();
});

async function read(...workers: string[]): Promise<unknown> {
  const env = { ...process.env, DATABASE_URL: url.href };
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, ...workers], { env });
  return JSON.parse(stdout);
}

test('nothing of it is there in a new database', async () => {
  expect(await read('worker-1=http://127.0.0.1:1')).toEqual({ administrators: [], removedWorkers: [] });
});

test('administrators by their addresses, without ordinary users', async () => {
  await client.query(
    `INSERT INTO users (id, email, name, password_hash, role) VALUES
       ($1, 'first@wa-gate.test', 'A', 'x', 'ADMINISTRATOR'), ($2, 'user@wa-gate.test', 'B', 'x', 'USER')`,
    [randomUUID(), randomUUID()],
  );
  expect(await read()).toEqual({ administrators: ['first@wa-gate.test'], removedWorkers: [] });
});

test('removed workers of those that are asked for, unless they may come again', async () => {
  await client.query(
    `INSERT INTO removed_workers (worker_id, incarnation, is_barred) VALUES
       ('worker-1', 1, false), ('worker-2', 1, true), ('worker-3', 1, true), ('elsewhere', 1, true)`,
  );
  await client.query(
    `INSERT INTO workers (id, has_provisional_id, endpoint, network, max_sessions) VALUES ('w-0', true, 'http://127.0.0.1:3', 'SANDBOX', 5)`,
  );
  const asked = [1, 2, 3, 4].map((number) => `worker-${number}=http://127.0.0.1:${number}`);
  expect(await read(...asked)).toMatchObject({ removedWorkers: ['worker-2'] });
});
