import type { Pool } from '@wa-gate/db';
import { NOT_COUNTED } from '../measure/database-work.ts';
import { nameStatement } from '../measure/statement-name.ts';

/** What PostgreSQL says of its own time, by {@link nameStatement}, in milliseconds of one statement. */
export interface ServerTimes {
  statements: ReadonlyMap<string, { planningMs: number; executingMs: number }>;
  /** Flushes of the write-ahead log: how many, and how long one took; `null`: this version does not tell. */
  flushes: { count: number; ms: number } | null;
}

interface Totals {
  statements: Map<string, { calls: number; planMs: number; execMs: number }>;
  flushes: { count: number; ms: number } | null;
}

/**
 * Lets the server measure planning and flushes, and tells both of the time between two moments. The commit of a
 * statement is in neither planning nor execution.
 *
 * @throws {Error} when the role may not change the server's settings, or it does not count statements
 */
export async function watchServerTimes(pool: Pool): Promise<() => Promise<ServerTimes>> {
  await pool.query('ALTER SYSTEM SET pg_stat_statements.track_planning = on');
  await pool.query('ALTER SYSTEM SET track_wal_io_timing = on');
  await pool.query('SELECT pg_reload_conf()');
  const before = await readTotals(pool);
  return async () => {
    const after = await readTotals(pool);
    const statements = [...after.statements].flatMap(([name, { calls, planMs, execMs }]) => {
      const known = before.statements.get(name) ?? { calls: 0, planMs: 0, execMs: 0 };
      const times = calls - known.calls;
      if (times <= 0) return [];
      const one = { planningMs: (planMs - known.planMs) / times, executingMs: (execMs - known.execMs) / times };
      return [[name, one] as const];
    });
    const count = (after.flushes?.count ?? 0) - (before.flushes?.count ?? 0);
    const ms = (after.flushes?.ms ?? 0) - (before.flushes?.ms ?? 0);
    return { statements: new Map(statements), flushes: after.flushes && { count, ms: count > 0 ? ms / count : 0 } };
  };
}

async function readTotals(pool: Pool): Promise<Totals> {
  const { rows } = await pool.query<{ query: string; calls: number; planMs: number; execMs: number }>(
    `SELECT ${NOT_COUNTED} query, calls, total_plan_time AS "planMs", total_exec_time AS "execMs" FROM pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  const statements: Totals['statements'] = new Map();
  for (const { query, calls, planMs, execMs } of rows) {
    const name = nameStatement(query);
    const known = statements.get(name) ?? { calls: 0, planMs: 0, execMs: 0 };
    statements.set(name, { calls: known.calls + calls, planMs: known.planMs + planMs, execMs: known.execMs + execMs });
  }
  const { rows: versions } = await pool.query<{ version: number }>(
    `SELECT ${NOT_COUNTED} current_setting('server_version_num')::int AS version`,
  );
  if (versions[0]!.version < 180_000) return { statements, flushes: null };
  const { rows: io } = await pool.query<{ count: number; ms: number }>(
    `SELECT ${NOT_COUNTED} coalesce(sum(fsyncs), 0)::float8 AS count, coalesce(sum(fsync_time), 0)::float8 AS ms
     FROM pg_stat_io WHERE object = 'wal'`,
  );
  return { statements, flushes: io[0]! };
}
