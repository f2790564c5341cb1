import type { Pool } from '@wa-gate/db';

/** What a run asked of PostgreSQL. */
export interface DatabaseWork {
  transactions: number;
  walBytes: number;
}

interface Counters {
  transactions: number;
  lsn: string;
}

/**
 * Transactions and write-ahead log between two moments. Nearly every statement of ours is a transaction of its own, so
 * the former stands for statements; the log is the server's, which belongs to the run alone.
 */
export async function watchDatabase(pool: Pool): Promise<() => Promise<DatabaseWork>> {
  const read = async (): Promise<Counters> => {
    const { rows } = await pool.query<Counters>(
      `SELECT (xact_commit + xact_rollback) AS transactions, pg_current_wal_insert_lsn()::text AS lsn
       FROM pg_stat_database WHERE datname = current_database()`,
    );
    return rows[0]!;
  };
  const before = await read();
  return async () => {
    const after = await read();
    const { rows } = await pool.query<{ bytes: string }>('SELECT pg_wal_lsn_diff($1, $2)::text AS bytes', [
      after.lsn,
      before.lsn,
    ]);
    return { transactions: after.transactions - before.transactions, walBytes: Number(rows[0]!.bytes) };
  };
}
