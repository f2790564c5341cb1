import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createPool, type Pool, type PoolOptions } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { expectPromisedEvents, KEEP_DELETED_EVENTS } from './event-check.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../prisma/migrations/', import.meta.url));
/**
 * Milliseconds. On a busy machine the making of a database, or one query among hundreds, takes long, and no test may
 * fail for that. Less than the timeout of a hook, so that the error has the place.
 */
const PATIENCE_MS = 50_000;
const PATIENT = {
  statementTimeoutMs: PATIENCE_MS,
  silenceTimeoutMs: PATIENCE_MS,
  connectTimeoutMs: PATIENCE_MS,
} satisfies Partial<PoolOptions>;

/** The advisory lock under which one process makes the template. Any number. */
const TEMPLATE_LOCK = 7_301_115;

export interface TestDatabase {
  url: string;
  pool: Pool;
  /**
   * Closes the pool and drops the database.
   *
   * @throws {Error} when an event in it does not match the registry; the database is dropped all the same
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

/** The rest of the statement `CREATE DATABASE <name>` that clones the template; by server and migrations. */
const cloning = new Map<string, string>();

async function cloneOf(admin: Pool, url: string, before: string | undefined): Promise<string> {
  const key = `${url} ${before}`;
  const known = cloning.get(key);
  if (known !== undefined) return known;
  const template = await ensureTemplate(admin, url, before);
  const { rows } = await admin.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  // Copying files is cheaper than copying pages through the WAL. PostgreSQL 15 is the first version with a choice.
  const clone = `TEMPLATE ${template}${rows[0]!.version >= 150_000 ? ' STRATEGY file_copy' : ''}`;
  cloning.set(key, clone);
  return clone;
}

/** Makes the migrated template, once per state of the migrations, in the first process that needs it. */
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
  /** The size of the pool. */
  max?: number;
  /** The maintenance URL of another PostgreSQL. @default TEST_DATABASE_URL */
  maintenanceUrl?: string;
  /** Leaves out this migration and those after it: {@link migrateFrom} applies them. @default none is left out */
  before?: string;
}

/** Makes a database for one test file: a clone of the migrated template, in some tens of milliseconds. */
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
        // Events of the version before may lack members that the registry has now.
        if (before === undefined) await expectPromisedEvents(pool);
      } finally {
        await pool.end();
        await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        await admin.end();
      }
    },
  };
}
