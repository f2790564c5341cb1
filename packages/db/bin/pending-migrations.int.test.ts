import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { applyMigrations } from './engine/apply-migrations.mjs';
import { pendingMigrations, waitForMigrations } from './engine/pending-migrations.mjs';

const MIGRATIONS = join(import.meta.dirname, '../../../prisma/migrations');
const NEW = '29990101000000_waited_for';
const WAIT = { timeout: 15_000, interval: 10 };

const names = [0, 1].map((index) => `pending_migrations_${index}_${randomUUID().slice(0, 8)}`);
const [url, missing] = names.map((name) => {
  const one = new URL(process.env.TEST_DATABASE_URL!);
  one.pathname = `/${name}`;
  return one.href;
}) as [string, string];
let newer: string;

beforeAll(async () => {
  await applyMigrations({ url, migrationsDir: MIGRATIONS });
  newer = mkdtempSync(join(tmpdir(), 'wag-migrations-'));
  cpSync(MIGRATIONS, newer, { recursive: true });
  mkdirSync(join(newer, NEW));
  writeFileSync(join(newer, NEW, 'migration.sql'), 'CREATE TABLE waited_for (id int);');
});

afterAll(async () => {
  rmSync(newer, { recursive: true, force: true });
  const admin = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL! });
  await admin.connect();
  for (const name of names) await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await admin.end();
});

describe('the wait for a migration (MR-182)', () => {
  it('is over at once where nothing is missing, also in an older version', async () => {
    const said: string[] = [];
    await waitForMigrations({ url, migrationsDir: MIGRATIONS, say: (line) => said.push(line) });
    expect(said).toEqual([]);
  });

  it('lasts until the migration of the new version is there, and says for what', async () => {
    const said: string[] = [];
    let isOver = false;
    const say = (line: string) => void said.push(line);
    const waiting = waitForMigrations({ url, migrationsDir: newer, say, everyMs: 20 }).then(() => {
      isOver = true;
    });
    await vi.waitFor(() => expect(said).toHaveLength(1), WAIT);
    expect([said, isOver]).toEqual([[`Waiting for the migration ${NEW}.`], false]);
    expect(await applyMigrations({ url, migrationsDir: newer })).toEqual([NEW]);
    await waiting;
    expect(said).toHaveLength(1);
    expect(await pendingMigrations({ url, migrationsDir: MIGRATIONS })).toEqual([]);
  });

  it('waits for a database that is not there, and says so', async () => {
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    const waiting = waitForMigrations({ url: missing, migrationsDir: MIGRATIONS, say, everyMs: 20 });
    await vi.waitFor(() => expect(said).toHaveLength(1), WAIT);
    expect(said[0]).toMatch(/^Waiting for the database: .*pending_migrations_1.* does not exist/);
    await applyMigrations({ url: missing, migrationsDir: MIGRATIONS });
    await waiting;
  });
});
