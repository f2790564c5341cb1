import type { Pool } from '@wa-gate/db';

/** What a run asked of PostgreSQL. */
export interface DatabaseWork {
  /** Without BEGIN and COMMIT; `null`: this server does not count statements. */
  statements: number | null;
  transactions: number;
  walBytes: number;
  /** Where in the log it begins and ends. */
  log: { from: string; to: string };
  /** The most frequent first. */
  byStatement: StatementWork[];
}

/** What one statement was asked for. */
export interface StatementWork {
  query: string;
  calls: number;
  /** Milliseconds of all calls together; a plan that is kept takes none. */
  planMs: number;
  execMs: number;
}

interface Counters {
  transactions: number;
  lsn: string;
}

/** In every statement of a measuring program: those are not counted. */
export const NOT_COUNTED = '/* load */';

/**
 * Statements, transactions and write-ahead log between two moments. Statements are those of `pg_stat_statements` in
 * this database, whoever sent them; the log is the server's, which belongs to the run alone.
 */
export async function watchDatabase(pool: Pool): Promise<() => Promise<DatabaseWork>> {
  const read = async (): Promise<Counters> => {
    const { rows } = await pool.query<Counters>(
      `SELECT ${NOT_COUNTED} (xact_commit + xact_rollback) AS transactions, pg_current_wal_insert_lsn()::text AS lsn
       FROM pg_stat_database WHERE datname = current_database()`,
    );
    return rows[0]!;
  };
  const calls = await readCalls(pool);
  const before = await read();
  return async () => {
    const after = await read();
    const { rows } = await pool.query<{ bytes: string }>(
      `SELECT ${NOT_COUNTED} pg_wal_lsn_diff($1, $2)::text AS bytes`,
      [after.lsn, before.lsn],
    );
    const byStatement = calls && difference(calls, (await readCalls(pool))!);
    return {
      statements: byStatement?.reduce((sum, one) => sum + one.calls, 0) ?? null,
      transactions: after.transactions - before.transactions,
      walBytes: Number(rows[0]!.bytes),
      log: { from: before.lsn, to: after.lsn },
      byStatement: byStatement ?? [],
    };
  };
}

type Calls = Map<string, StatementWork>;

/** Of each statement so far; `null`: the extension is not there. */
async function readCalls(pool: Pool): Promise<Calls | null> {
  const { rowCount } = await pool.query(
    `SELECT ${NOT_COUNTED} 1 FROM pg_extension WHERE extname = 'pg_stat_statements'`,
  );
  if (!rowCount) return null;
  const { rows } = await pool.query<StatementWork & { id: string }>(
    `SELECT ${NOT_COUNTED} concat(userid, '/', queryid, '/', toplevel) AS id, query, calls, total_plan_time AS "planMs",
       total_exec_time AS "execMs" FROM pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND position('${NOT_COUNTED}' IN query) = 0`,
  );
  return new Map(rows.map(({ id, ...work }) => [id, work]));
}

function difference(before: Calls, after: Calls): StatementWork[] {
  return [...after]
    .map(([id, { query, calls, planMs, execMs }]) => {
      const earlier = before.get(id) ?? { calls: 0, planMs: 0, execMs: 0 };
      return {
        query,
        calls: calls - earlier.calls,
        planMs: planMs - earlier.planMs,
        execMs: execMs - earlier.execMs,
      };
    })
    .filter(({ calls }) => calls > 0)
    .toSorted((a, b) => b.calls - a.calls);
}
