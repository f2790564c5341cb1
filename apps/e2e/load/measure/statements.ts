import type { Pool } from '@wa-gate/db';
import pg from 'pg';
import { NOT_COUNTED } from './database-work.ts';
import type { PrivateDatabases } from './private-databases.ts';

/**
 * Lets PostgreSQL count every statement and its plans, and keep the log of the run; takes a restart, so it comes before
 * everything else.
 */
export async function countStatements(databases: PrivateDatabases): Promise<void> {
  const client = new pg.Client({ connectionString: databases.databaseUrl });
  await client.connect();
  await client.query(`ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`);
  await client.query(`ALTER SYSTEM SET pg_stat_statements.track_utility = off`);
  await client.query(`ALTER SYSTEM SET pg_stat_statements.track_planning = on`);
  await client.query(`ALTER SYSTEM SET wal_keep_size = '2GB'`);
  await client.end();
  await databases.restart('postgres', 'fast');
}

export interface StatementFigure {
  query: string;
  calls: number;
  /** Mean time of one, in milliseconds. */
  meanMs: number;
}

/** What the installation has asked of its database since {@link resetStatements}, the most frequent first. */
export async function readStatements(pool: Pool): Promise<StatementFigure[]> {
  const { rows } = await pool.query<StatementFigure>(
    `SELECT ${NOT_COUNTED} left(regexp_replace(query, '\\s+', ' ', 'g'), 100) AS query, calls, mean_exec_time AS "meanMs" FROM pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_statements%' AND position('${NOT_COUNTED}' IN query) = 0
     ORDER BY calls DESC`,
  );
  return rows;
}

export async function resetStatements(pool: Pool): Promise<void> {
  await pool.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  await pool.query('SELECT pg_stat_statements_reset()');
}

/**
 * The time that 95 of 100 statements stay below, each weighted by how often it was run; by its mean, which is what the
 * extension keeps.
 */
export function p95(figures: readonly StatementFigure[]): number {
  const sorted = figures.toSorted((a, b) => a.meanMs - b.meanMs);
  const total = sorted.reduce((sum, { calls }) => sum + calls, 0);
  let seen = 0;
  for (const { calls, meanMs } of sorted) {
    seen += calls;
    if (seen >= 0.95 * total) return meanMs;
  }
  return 0;
}
