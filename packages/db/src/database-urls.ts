import { DatabaseUrlError, parseConnectionUrl, sessionUrl, settleTls } from '../bin/engine/connection.mjs';
import type { Pool } from './pool.ts';

export { DatabaseUrlError, sessionUrl, settleTls } from '../bin/engine/connection.mjs';

/** Where the statements of a process go. */
export interface DatabaseUrls {
  /** Nearly all of them. May lead to a pooler. */
  url: string;
  /** What needs a session with settings of its own: leases, and whatever must not wait for a pooler. */
  sessionUrl: string;
}

/** For a schema of an environment. */
export interface DatabaseEnvironment {
  DATABASE_URL: string;
  DATABASE_DIRECT_URL?: string | undefined;
}

/** @throws {DatabaseUrlError} what is wrong with them, or with the two together */
export async function readDatabaseUrls({
  DATABASE_URL: url,
  DATABASE_DIRECT_URL: directUrl,
}: DatabaseEnvironment): Promise<DatabaseUrls> {
  parseConnectionUrl(url);
  const session = sessionUrl({ DATABASE_URL: url, DATABASE_DIRECT_URL: directUrl });
  const [settled, settledSession] = await Promise.all([settleTls(url), settleTls(session.url, session.name)]);
  return { url: settled, sessionUrl: settledSession };
}

/** A pooler gives this away by what it refuses, or by what it takes and does not do. */
export const POOLER_SENTENCE =
  'leads to a connection pooler such as PgBouncer, which passes no settings of a session on. Add pgbouncer=true to DATABASE_URL, and name PostgreSQL itself in DATABASE_DIRECT_URL.';

/**
 * Checks that PostgreSQL has the settings that the pool has asked for. A pooler that ignores them
 * (`ignore_startup_parameters`) gives every transaction another connection: leases would outlive their time-outs, and
 * named statements fail now and then.
 *
 * @param name of the variable with its URL
 * @throws {DatabaseUrlError}
 */
export async function assertSessions(pool: Pool, name: string): Promise<void> {
  const asked = (pool.options as { statement_timeout?: number }).statement_timeout;
  if (asked === undefined) return;
  const { rows } = await pool.query<{ setting: string }>(
    `SELECT setting FROM pg_settings WHERE name = 'statement_timeout'`,
  );
  if (Number(rows[0]?.setting) !== asked) throw new DatabaseUrlError(`${name} ${POOLER_SENTENCE}`);
}

/**
 * Checks that both pools lead to one database, by the secret that its first process has stored. Call it after
 * `assertMasterKey`.
 *
 * @throws {DatabaseUrlError}
 */
export async function assertSameDatabase(one: Pool, other: Pool): Promise<void> {
  const checks = await Promise.all(
    [one, other].map(async (pool) => (await pool.query('SELECT key_check FROM installation WHERE id = 1')).rows[0]),
  );
  const [first, second] = checks.map((row) => (row as { key_check: Buffer } | undefined)?.key_check.toString('hex'));
  if (first === second) return;
  throw new DatabaseUrlError(
    'DATABASE_URL and DATABASE_DIRECT_URL lead to different databases. Name the same one in both.',
  );
}
