import type { Queryable } from '@wa-gate/db';
import type { Instruments } from '@wa-gate/kit';
import { createFigures } from './figures.ts';

/** Connections of all databases of the server. Those of other roles have no state for a role without `pg_monitor`. */
const ACTIVITY = {
  name: 'postgres-activity',
  text: `SELECT count(*) FILTER (WHERE state = 'active') AS active, count(*) FILTER (WHERE state = 'idle') AS idle,
      count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS "idle in transaction",
      count(*) FILTER (WHERE state IS NULL OR state NOT IN ('active', 'idle', 'idle in transaction', 'idle in transaction (aborted)')) AS other,
      current_setting('max_connections')::int AS max,
      count(*) FILTER (WHERE wait_event_type = 'Lock' AND datname = current_database()) AS waiting,
      coalesce(extract(epoch FROM now() - min(xact_start) FILTER (WHERE datname = current_database() AND pid <> pg_backend_pid())), 0)::float8
        AS oldest
    FROM pg_stat_activity WHERE backend_type = 'client backend'`,
};

const DATABASE = {
  name: 'postgres-database',
  text: `SELECT s.xact_commit AS committed, s.xact_rollback AS "rolledBack", s.blks_hit AS buffers, s.blks_read AS system,
      s.deadlocks, s.temp_bytes AS temporary, pg_database_size(d.oid) AS bytes, age(d.datfrozenxid) AS "xidAge",
      (SELECT wal_bytes::float8 FROM pg_stat_wal) AS wal
    FROM pg_stat_database s JOIN pg_database d ON d.oid = s.datid WHERE s.datname = current_database()`,
};

/** Partitions count as the table that they belong to. */
const TABLES = {
  name: 'postgres-tables',
  text: `SELECT coalesce(parent.relname, t.relname) AS name, sum(pg_total_relation_size(t.relid))::float8 AS bytes,
      sum(t.n_live_tup)::float8 AS live, sum(t.n_dead_tup)::float8 AS dead
    FROM pg_stat_user_tables t LEFT JOIN pg_inherits i ON i.inhrelid = t.relid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
    WHERE t.schemaname = current_schema() GROUP BY 1`,
};

const REPLICAS = {
  name: 'postgres-replicas',
  text: `SELECT count(*) AS count, coalesce(max(extract(epoch FROM replay_lag)), 0)::float8 AS lag FROM pg_stat_replication
    WHERE state IS NOT NULL`,
};

type Row = Record<string, number>;

async function read(db: Queryable) {
  const only = async (query: { name: string; text: string }): Promise<Row> =>
    (await db.query<Row>(query)).rows[0] ?? {};
  const activity = await only(ACTIVITY);
  const database = await only(DATABASE);
  const { rows: tables } = await db.query<{ name: string; bytes: number; live: number; dead: number }>(TABLES);
  const replicas = await only(REPLICAS);
  return { activity, database, tables, replicas };
}

const STATES = ['active', 'idle', 'idle in transaction', 'other'];

/**
 * Figures of PostgreSQL out of its own statistics, by one reading a scrape: four statements on one connection. Counters
 * are the server's. All but `wag_postgres_up` are absent while it does not answer.
 */
export function registerPostgres(instruments: Instruments, db: Queryable): void {
  const look = createFigures(() => read(db));
  type Figures = Awaited<ReturnType<typeof read>>;
  type Plain = 'wag_postgres_max_connections';
  type PlainCounter = 'wag_postgres_deadlocks_total';

  const gauge = (name: string, of: (figures: Figures) => number | undefined) =>
    instruments.gauge(name as Plain, async (made) => {
      const figures = await look();
      const value = figures && of(figures);
      if (value === undefined) made.remove();
      else made.set(value);
    });
  const counter = (
    name: string,
    label: string | undefined,
    of: (figures: Figures) => Record<string, number | undefined>,
  ) =>
    instruments.readCounter(name as PlainCounter, async () => {
      const figures = await look();
      return Object.entries(figures ? of(figures) : {}).flatMap(([value, count]) =>
        count === undefined ? [] : [[(label === undefined ? {} : { [label]: value }) as never, count] as const],
      );
    });

  instruments.gauge('wag_postgres_up', async (made) => made.set((await look()) ? 1 : 0));
  instruments.gauge('wag_postgres_connections', async (made) => {
    const figures = await look();
    made.reset();
    if (figures) for (const state of STATES) made.set({ state }, figures.activity[state] ?? 0);
  });
  gauge('wag_postgres_max_connections', ({ activity }) => activity.max);
  gauge('wag_postgres_waiting_connections', ({ activity }) => activity.waiting);
  gauge('wag_postgres_oldest_transaction_seconds', ({ activity }) => activity.oldest);
  gauge('wag_postgres_database_bytes', ({ database }) => database.bytes);
  gauge('wag_postgres_oldest_xid_age', ({ database }) => database.xidAge);
  gauge('wag_postgres_replicas', ({ replicas }) => replicas.count);
  gauge('wag_postgres_replica_lag_seconds', ({ replicas }) => replicas.lag);
  counter('wag_postgres_transactions_total', 'outcome', ({ database: { committed, rolledBack } }) => ({
    committed,
    'rolled back': rolledBack,
  }));
  counter('wag_postgres_blocks_total', 'source', ({ database: { buffers, system } }) => ({ buffers, system }));
  counter('wag_postgres_deadlocks_total', undefined, ({ database: { deadlocks } }) => ({ deadlocks }));
  counter('wag_postgres_temporary_bytes_total', undefined, ({ database: { temporary } }) => ({ temporary }));
  counter('wag_postgres_wal_bytes_total', undefined, ({ database: { wal } }) => ({ wal }));
  instruments.gauge('wag_postgres_table_bytes', async (made) => {
    const figures = await look();
    made.reset();
    for (const { name: table, bytes } of figures?.tables ?? []) made.set({ table }, bytes);
  });
  instruments.gauge('wag_postgres_table_rows', async (made) => {
    const figures = await look();
    made.reset();
    for (const { name: table, live, dead } of figures?.tables ?? []) {
      made.set({ table, state: 'live' }, live);
      made.set({ table, state: 'dead' }, dead);
    }
  });
}
