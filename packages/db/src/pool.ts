import { isTracing } from '@wa-gate/kit';
import pg from 'pg';
import { parseConnectionUrl } from '../bin/engine/connection.mjs';
import { TracedPool } from './traced-pool.ts';
import { UnnamedClient } from './unnamed-client.ts';

export type Pool = pg.Pool;
export type PoolClient = pg.PoolClient;

/** Runs SQL: the pool, or a client inside a transaction. */
export type Queryable = Pick<pg.Pool, 'query'>;

export interface PoolOptions {
  /**
   * Read as by the migrator (`bin/engine/connection.mjs`). With `pgbouncer=true` statements have no names, and
   * PostgreSQL is asked for no timeout.
   */
  url: string;
  /** Shown as `application_name` in pg_stat_activity. */
  name: string;
  /** @default 10 */
  max?: number;
  /** Milliseconds after which PostgreSQL cancels a statement. @default 10 000 */
  statementTimeoutMs?: number;
  /**
   * Milliseconds without an answer after which the connection is closed: a silent server cancels no statement. @default
   * 15 000
   */
  silenceTimeoutMs?: number;
  /** Milliseconds for a connection to be made or to become free. @default 5 000 */
  connectTimeoutMs?: number;
  /**
   * All statements find their rows by keys: PostgreSQL uses indexes for them however small a table is. It else reads a
   * table that it has counted as nearly empty as a whole, and a plan that is kept goes on with that while the table
   * grows, until it is counted again. With `pgbouncer=true` it does nothing: there no plan is kept.
   *
   * @default false
   */
  findsByKeys?: boolean;
}

const INT8_OID = 20;
/** A plan that reads a table without an index counts as so dear then that PostgreSQL would compile it. */
const FINDING_BY_KEYS = '-c enable_seqscan=off -c jit=off';

/** int8 as number: epochs, incarnations and seqs stay far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (oid === INT8_OID && format !== 'binary') return Number;
    return pg.types.getTypeParser(oid, format);
  },
};

export function createPool({
  url,
  name,
  max = 10,
  statementTimeoutMs = 10_000,
  silenceTimeoutMs = 15_000,
  connectTimeoutMs = 5_000,
  findsByKeys = false,
}: PoolOptions): Pool {
  const { config, isPooled } = parseConnectionUrl(url);
  const pool = new (isTracing() ? TracedPool : pg.Pool)({
    ...config,
    application_name: name,
    max,
    ...(isPooled ? { Client: UnnamedClient } : { statement_timeout: statementTimeoutMs }),
    ...(findsByKeys && !isPooled ? { options: [FINDING_BY_KEYS, config.options].filter(Boolean).join(' ') } : {}),
    query_timeout: silenceTimeoutMs,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 60_000,
    types,
  });
  // The pool replaces a connection that breaks while idle. Without a listener the process would end.
  pool.on('error', () => undefined);
  return pool;
}

/** Bounds of a transaction that holds what others wait for, in milliseconds. */
export interface TransactionLimits {
  /**
   * Without a statement for this long PostgreSQL ends the transaction: a process that stands still, or is cut off, does
   * not keep its locks.
   */
  idleMs: number;
  /** A statement that waits for a lock for longer fails, and may be tried again. */
  lockMs: number;
}

/** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  limits?: TransactionLimits,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks between two statements emits an error. Without a listener the process would end. The next
  // statement fails.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query(limits ? beginWithin(limits) : 'BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection whose ROLLBACK fails is not returned to the pool.
    await client.query('ROLLBACK').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

const beginWithin = ({ idleMs, lockMs }: TransactionLimits): string =>
  `BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${idleMs}; SET LOCAL lock_timeout = ${lockMs}`;
