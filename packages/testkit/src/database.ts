import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createPool, type Pool, type PoolOptions } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { expectPromisedEvents, KEEP_DELETED_EVENTS } from './event-check.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../prisma/migrations/', import.meta.url));
/**
 * On a busy machine making or dropping a database takes long, and so does the turn of one query among hundreds: no test
 * fails for that. Less than the time of a hook, so that what does fail says where.
 */
const PATIENCE_MS = 50_000;
const PATIENT = {
  statementTimeoutMs: PATIENCE_MS,
  silenceTimeoutMs: PATIENCE_MS,
  connectTimeoutMs: PATIENCE_MS,
} satisfies Partial<PoolOptions>;

/** Any number: the lock under which one process makes the template. */
const TEMPLATE_LOCK = 7_301_115;

export interface TestDatabase {
  url: string;
  pool: Pool;
  /**
   * Closes the pool and drops the database.
   *
   * @throws {Error} when an event in it is not as the registry promises; the database is dropped all the same
   */
  drop(): Promise<void>;
}

/** The PostgreSQL that `npm test` started: a maintenance URL whose role may create databases. */
function testServerUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url)
    throw new Error('TEST_DATABASE_URL is not set: run the tests with `npm test`, which starts a PostgreSQL for them.');
  return url;
}

function withDatabase(url: string, database: string): string {
  const copy = new URL(url);
  copy.pathname = `/${database}`;
  return copy.href;
}

async function readMigrations(isWanted: (name: string) => boolean): Promise<string[]> {
  const folders = (await readdir(MIGRATIONS, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const names = folders
    .map((entry) => entry.name)
    .filter(isWanted)
    .sort();
  return await Promise.all(names.map((name) => readFile(`${MIGRATIONS}${name}/migration.sql`, 'utf8')));
}

/** Applies this migration, and those after it, to a database that has the ones before. */
export async function migrateFrom(pool: Pool, first: string): Promise<void> {
  const scripts = await readMigrations((name) => name >= first);
  for (const script of scripts) await pool.query(script);
}

/** What makes a clone of the migrated template, behind `CREATE DATABASE <name>`; by server and migrations. */
const cloning = new Map<string, string>();

async function cloneOf(admin: Pool, url: string, before: string | undefined): Promise<string> {
  const key = `${url} ${before}`;
  const known = cloning.get(key);
  if (known !== undefined) return known;
  const template = await ensureTemplate(admin, url, before);
  const { rows } = await admin.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  // Copying files takes less than copying pages through the WAL, which is the only way before PostgreSQL 15.
  const clone = `TEMPLATE ${template}${rows[0]!.version >= 150_000 ? ' STRATEGY file_copy' : ''}`;
  cloning.set(key, clone);
  return clone;
}

/** Makes the migrated template once per state of the migrations: the first process that needs it does. */
async function ensureTemplate(admin: Pool, url: string, before: string | undefined): Promise<string> {
  const migrations = await readMigrations((name) => before === undefined || name < before);
  const scripts = [...migrations, KEEP_DELETED_EVENTS];
  const template = `wag_template_${createHash('sha256').update(scripts.join('\n')).digest('hex').slice(0, 12)}`;
  const client = await admin.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const existing = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
    if (!existing.rowCount) {
      const draft = `${template}_draft`;
      await client.query(`DROP DATABASE IF EXISTS ${draft}`);
      await client.query(`CREATE DATABASE ${draft}`);
      const pool = createPool({ url: withDatabase(url, draft), name: 'testkit', max: 1, ...PATIENT });
      for (const script of scripts) await pool.query(script);
      await pool.end();
      await client.query(`ALTER DATABASE ${draft} RENAME TO ${template}`);
    }
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
    client.release();
  }
  return template;
}

export interface TestDatabaseOptions {
  /** Connections of the pool. */
  max?: number;
  /** Another PostgreSQL than that of the tests. @default TEST_DATABASE_URL */
  maintenanceUrl?: string;
  /** Leaves out this migration and those after it: {@link migrateFrom} applies them. @default none is left out */
  before?: string;
}

/** A database of its own for one test file: a clone of the migrated template, in some tens of milliseconds. */
export async function createTestDatabase({
  maintenanceUrl: url = testServerUrl(),
  before,
  ...options
}: TestDatabaseOptions = {}): Promise<TestDatabase> {
  // One connection makes the database and drops it.
  const admin = createPool({ url, name: 'testkit', max: 1, ...PATIENT });
  const name = `wag_test_${newId().replaceAll('-', '')}`;
  try {
    await admin.query(`CREATE DATABASE ${name} ${await cloneOf(admin, url, before)}`);
  } catch (error) {
    await admin.end();
    throw error;
  }
  const pool = createPool({ url: withDatabase(url, name), name: 'test', ...PATIENT, ...options });
  return {
    url: withDatabase(url, name),
    pool,
    async drop() {
      try {
        // What the version before has appended may have lacked members that are promised now.
        if (before === undefined) await expectPromisedEvents(pool);
      } finally {
        await pool.end();
        await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        await admin.end();
      }
    },
  };
}
