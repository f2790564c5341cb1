import { join, resolve } from 'node:path';
import { assertMasterKey, createPool, inTransaction, type Pool } from '@wa-gate/db';
import { type Recovery, recoverInstallation } from '@wa-gate/messaging';
import { CommandError } from '../errors.ts';
import { DUMP } from './dump.ts';
import { type LostSince, readLostSince } from './lost-since.ts';
import { assertKeyOf, type Manifest, readManifest } from './manifest.ts';
import { migrate } from './migrate.ts';
import { connectionEnvironment, databaseOf, findPostgresTools, runTool, withDatabase } from './postgres-tools.ts';

export interface DumpRestore {
  backup: string;
  /** The database to restore to; its server must run. */
  url: string;
  masterKeys: readonly Uint8Array[];
  /** Put the backup in the place of a database that has something in it. That one stays, under another name. */
  replace: boolean;
  env: NodeJS.ProcessEnv;
  note: (text: string) => void;
}

export interface RestoreReport {
  manifest: Manifest;
  recovery: Recovery;
  /** The name of the database that was there before; `null`: there was none, or it was empty. */
  before: string | null;
  /** What the database before had that the backup has not; `null`: there was none that could be read. */
  lost: LostSince | null;
}

/** Connections of these names are those of an installation that runs. */
const RUNNING = /^(wag-gateway|worker )/;
const MAINTENANCE = 'postgres';

/**
 * Restores a dump into a new database, migrates it, makes it safe to use, and only then gives it the name that
 * `DATABASE_URL` says. The database that had the name stays beside it. What fails before leaves everything as it was.
 *
 * @throws {CommandError} @throws {MasterKeyError}
 */
export async function restoreDump(options: DumpRestore): Promise<RestoreReport> {
  const { url, masterKeys, env, note } = options;
  const backup = resolve(options.backup);
  const manifest = await readManifest(backup);
  if (manifest.kind !== 'dump') throw new CommandError(`${backup} is a base backup: restore it with --data <folder>.`);
  assertKeyOf(manifest, masterKeys);
  const name = databaseOf(url);
  const server = createPool({
    url: withDatabase(url, MAINTENANCE),
    name: 'wag-cli',
    max: 1,
    statementTimeoutMs: 0,
    silenceTimeoutMs: 0,
  });
  try {
    const present = await inspect(server, url, name);
    if (present.hasTables && !options.replace) {
      throw new CommandError(
        `The database ${name} is not empty. With --replace the backup takes its place, and it stays as another database.`,
      );
    }
    if (present.running.length > 0) {
      throw new CommandError(
        `wa-gate runs on ${name} (${present.running.join(', ')}). Stop its processes first: what they send meanwhile would be unknown to the backup.`,
      );
    }
    const tools = await findPostgresTools(env, 'pg_restore', manifest.postgresMajor);
    const stamp = new Date()
      .toISOString()
      .replaceAll(/[-:]|\.\d+Z/g, '')
      .replace('T', '_')
      .toLowerCase();
    const draft = nameBeside(name, `restoring_${stamp}`);
    const draftUrl = withDatabase(url, draft);
    await createDatabase(server, draft);
    try {
      note('Restoring …');
      const args = ['--exit-on-error', '--no-owner', '--no-acl', `--dbname=${draft}`, join(backup, DUMP)];
      await runTool({ ...tools, tool: 'pg_restore', args, env: { ...env, ...connectionEnvironment(draftUrl) } });
      // A backup of an older version gets the migrations that came since.
      await migrate(draftUrl, env);
      const recovery = await recover(draftUrl, masterKeys, manifest);
      note('Gathering statistics …');
      await analyze(draftUrl);
      const lost = present.hasTables ? await compare(url, manifest) : null;
      const before = await swap(server, { name, draft, stamp, present });
      return { manifest, recovery, before, lost };
    } catch (error) {
      await server.query(`DROP DATABASE IF EXISTS ${quote(draft)}`).catch(() => undefined);
      throw error;
    }
  } finally {
    await server.end();
  }
}

interface Present {
  exists: boolean;
  hasTables: boolean;
  /** Names of connections of the installation. */
  running: string[];
}

async function inspect(server: Pool, url: string, name: string): Promise<Present> {
  const found = await server.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (!found.rowCount) return { exists: false, hasTables: false, running: [] };
  const { rows } = await server.query<{ name: string }>(
    'SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE datname = $1',
    [name],
  );
  const pool = createPool({ url, name: 'wag-cli', max: 1 });
  try {
    // Of any schema: a database that has something in it is never dropped.
    const tables = await pool.query(
      `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' LIMIT 1`,
    );
    const running = rows.map((row) => row.name).filter((connection) => RUNNING.test(connection));
    return { exists: true, hasTables: (tables.rowCount ?? 0) > 0, running };
  } finally {
    await pool.end();
  }
}

async function createDatabase(server: Pool, name: string): Promise<void> {
  try {
    await server.query(`CREATE DATABASE ${quote(name)} TEMPLATE template0`);
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    throw new CommandError(
      'The role of DATABASE_URL may not create databases: ALTER ROLE … CREATEDB, or give another role.',
      {
        cause: error,
      },
    );
  }
}

async function recover(url: string, masterKeys: readonly Uint8Array[], { asOf }: Manifest): Promise<Recovery> {
  const pool = createPool({ url, name: 'wag-cli', max: 1, statementTimeoutMs: 0, silenceTimeoutMs: 0 });
  try {
    await assertMasterKey(pool, masterKeys);
    return await inTransaction(pool, (tx) => recoverInstallation(tx, { kind: 'restored', asOf: new Date(asOf) }));
  } finally {
    await pool.end();
  }
}

/**
 * A dump has no statistics of its tables. Until PostgreSQL gathers them by itself it would plan for empty ones, and
 * statements over large ones would end in their time-outs.
 */
async function analyze(url: string): Promise<void> {
  const pool = createPool({ url, name: 'wag-cli', max: 1, statementTimeoutMs: 0, silenceTimeoutMs: 0 });
  try {
    await pool.query('ANALYZE');
  } finally {
    await pool.end();
  }
}

/** The database before may be damaged: what cannot be read is not reported. */
async function compare(url: string, { asOf }: Manifest): Promise<LostSince | null> {
  const pool = createPool({ url, name: 'wag-cli', max: 1, statementTimeoutMs: 60_000, silenceTimeoutMs: 60_000 });
  try {
    return await readLostSince(pool, new Date(asOf));
  } catch {
    return null;
  } finally {
    await pool.end();
  }
}

async function swap(
  server: Pool,
  { name, draft, stamp, present }: { name: string; draft: string; stamp: string; present: Present },
): Promise<string | null> {
  const before = present.hasTables ? nameBeside(name, `before_${stamp}`) : null;
  // No database is renamed while somebody is connected to it.
  await server.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY($1)', [[name, draft]]);
  if (before) await server.query(`ALTER DATABASE ${quote(name)} RENAME TO ${quote(before)}`);
  else if (present.exists) await server.query(`DROP DATABASE ${quote(name)}`);
  await server.query(`ALTER DATABASE ${quote(draft)} RENAME TO ${quote(name)}`);
  return before;
}

/** PostgreSQL cuts longer names off. */
const MAX_NAME = 63;
const nameBeside = (name: string, suffix: string): string => `${name.slice(0, MAX_NAME - suffix.length - 1)}_${suffix}`;

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
