import { inTransaction, type Pool, type PoolClient, type Queryable } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';

/**
 * What a gateway may have in memory and must forget: the row that a revocation names has changed or is gone.
 * - `key`: id of an API key
 * - `user`, `workspace`, `session`, `login`: their ids
 * - `account`: id of the user whose tier or activity has changed; for everything in the workspaces that the user owns
 * - `tiers`, `rate-limits`: the table, with the subject `*`
 */
export type RevocationKind = 'key' | 'user' | 'account' | 'workspace' | 'session' | 'login' | 'tiers' | 'rate-limits';

/**
 * Called with the subject. Without one it is not known what was revoked, so the listener drops everything of the kind.
 */
type Listener = (subject: string | null) => void;
export type Revoke = (kind: RevocationKind, subject: string) => Promise<void>;

/**
 * Tells every gateway what to forget, within a second and without Redis. Revocations are rows, written in the
 * transaction of the change. Each gateway reads the new rows several times a second. A gateway that could not read for
 * a moment does not use its memory ({@link isCurrent}).
 */
export interface Revocations {
  /** Whether everything revoked until a moment ago has been read. */
  readonly isCurrent: boolean;
  onRevoked(kind: RevocationKind, listener: Listener): void;
  /** A transaction that may revoke: forgotten here when it has committed, elsewhere within a second. */
  inTransaction<T>(work: (tx: PoolClient, revoke: Revoke) => Promise<T>): Promise<T>;
  start(): void;
  stop(): Promise<void>;
}

export interface RevocationDependencies {
  /** For the transactions. */
  pool: Pool;
  /** Connections of its own for reading, so that a busy pool does not delay it. */
  watchPool: Pick<Pool, 'query'>;
  logger: Logger;
}

const READ_EVERY_MS = 200;
/** After this long without having read, memory is not trusted. With the reading itself it stays below a second. */
const CURRENT_FOR_MS = 800;
/** Rows are deleted when they are this old. */
const RETENTION_SECONDS = 3_600;
/**
 * After a longer absence a reader may have missed rows that are deleted already. Half of the retention, for
 * transactions that commit late.
 */
const MEMORY_SECONDS = RETENTION_SECONDS / 2;

/**
 * `$1` is the oldest transaction that had not ended at the last reading: rows of it and of all later transactions may
 * be new. Ids and times of rows cannot be the bound: both are assigned before the commit, so that a row that commits
 * late would be missed. The first reading has no `$1` and returns nothing to forget; it learns which rows the next
 * reading will see again, because a long transaction anywhere in the cluster holds the bound back.
 */
const READ = {
  name: 'read-revocations',
  text: `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, extract(epoch FROM now())::float8 AS "readAt",
      COALESCE((SELECT json_agg(json_build_array(r.id, r.kind, r.subject)) FROM revocations r
        WHERE r.xact >= COALESCE($1::xid8, pg_snapshot_xmin(pg_current_snapshot()))), '[]') AS rows`,
};
const INSERT = { name: 'revoke', text: 'INSERT INTO revocations (kind, subject) VALUES ($1, $2)' };
const SWEEP = {
  name: 'sweep-revocations',
  text: `DELETE FROM revocations WHERE id IN (
    SELECT id FROM revocations WHERE created_at < now() - make_interval(secs => $1) LIMIT $2)`,
};

type Row = [id: number, kind: RevocationKind, subject: string];

/** Where the last reading stood. */
interface Reading {
  horizon: string;
  /** Seconds, by the clock of the database. */
  readAt: number;
  rows: Row[];
}

/** Deletes revocations that every gateway has read or need not read, at most `limit`, and returns how many. */
export async function sweepRevocations(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [RETENTION_SECONDS, limit] });
  return rowCount ?? 0;
}

export function createRevocations({ pool, watchPool, logger }: RevocationDependencies): Revocations {
  const listeners = new Map<RevocationKind, Listener[]>();
  let last: Reading | undefined;
  let known = new Set<number>();
  let lastReadAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let reading: Promise<void> = Promise.resolve();
  let isRunning = false;
  let isLost = false;

  function forget(kind: RevocationKind, subject: string): void {
    for (const listener of listeners.get(kind) ?? []) listener(subject);
  }

  function forgetEverything(): void {
    for (const listener of [...listeners.values()].flat()) listener(null);
  }

  function apply(now: Reading): void {
    // Away for too long, or the database is another one now, such as a restored copy.
    const hasGap = !last || now.readAt - last.readAt > MEMORY_SECONDS || BigInt(now.horizon) < BigInt(last.horizon);
    if (hasGap) forgetEverything();
    else for (const [id, kind, subject] of now.rows) if (!known.has(id)) forget(kind, subject);
    known = new Set(now.rows.map(([id]) => id));
    last = now;
  }

  async function read(): Promise<void> {
    const begun = performance.now();
    try {
      const { rows } = await watchPool.query<Reading>({ ...READ, values: [last?.horizon ?? null] });
      apply(rows[0]!);
      lastReadAt = begun;
      if (isLost) logger.info('revocations are read again');
      isLost = false;
    } catch (error) {
      if (!isLost) logger.warn({ err: error }, 'revocations cannot be read: nothing is taken from memory meanwhile');
      isLost = true;
    }
  }

  async function round(): Promise<void> {
    const begun = performance.now();
    await read();
    if (!isRunning) return;
    timer = setTimeout(next, Math.max(10, READ_EVERY_MS - (performance.now() - begun)));
  }
  function next(): void {
    reading = round();
  }

  return {
    get isCurrent() {
      return performance.now() - lastReadAt < CURRENT_FOR_MS;
    },
    onRevoked(kind, listener) {
      listeners.set(kind, [...(listeners.get(kind) ?? []), listener]);
    },
    async inTransaction(work) {
      const revoked: [RevocationKind, string][] = [];
      const result = await inTransaction(pool, (tx) =>
        work(tx, async (kind, subject) => {
          await tx.query({ ...INSERT, values: [kind, subject] });
          revoked.push([kind, subject]);
        }),
      );
      for (const [kind, subject] of revoked) forget(kind, subject);
      return result;
    },
    start() {
      if (isRunning) return;
      isRunning = true;
      next();
    },
    async stop() {
      isRunning = false;
      clearTimeout(timer);
      await reading;
    },
  };
}
