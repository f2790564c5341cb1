import { inTransaction, type Pool, type PoolClient } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';

/**
 * What may be in the memory of a gateway and must be forgotten: the row that a revocation names has changed or is gone.
 * `key`: id of an API key · `user`, `workspace`, `session`, `login`: their ids · `account`: id of the user whose tier or activity has changed, for everything in
 * the workspaces that are theirs · `tiers`, `rate-limits`: the table, subject `*`.
 */
export type RevocationKind = 'key' | 'user' | 'account' | 'workspace' | 'session' | 'login' | 'tiers' | 'rate-limits';

type Listener = (subject: string) => void;
export type Revoke = (kind: RevocationKind, subject: string) => Promise<void>;

/**
 * Tells every gateway what to forget, within a second and without Redis: revocations are rows, written in the transaction of the change, and each gateway
 * reads those of the last minute several times a second. One that could not read for a moment trusts nothing that it remembers ({@link isCurrent}).
 */
export interface Revocations {
  /** Whether everything revoked until a moment ago has been heard of. */
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
  watchPool: Pool;
  logger: Logger;
}

const READ_EVERY_MS = 200;
/** After this long without having read, memory is not trusted. With the reading itself it stays below a second. */
const CURRENT_FOR_MS = 800;
/** Longer than any transaction takes from its first row to its commit. */
const WINDOW_SECONDS = 60;
/** Deleted when they are this old. */
export const REVOCATION_RETENTION_SECONDS = 3_600;

const RECENT = {
  name: 'recent-revocations',
  text: `SELECT id, kind, subject FROM revocations WHERE created_at > now() - interval '${WINDOW_SECONDS} s' ORDER BY id`,
};
const INSERT = { name: 'revoke', text: 'INSERT INTO revocations (kind, subject) VALUES ($1, $2)' };

interface Row {
  id: number;
  kind: RevocationKind;
  subject: string;
}

export function createRevocations({ pool, watchPool, logger }: RevocationDependencies): Revocations {
  const listeners = new Map<RevocationKind, Listener[]>();
  let known = new Set<number>();
  let lastReadAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let reading: Promise<void> = Promise.resolve();
  let isRunning = false;
  let isLost = false;

  function forget(kind: RevocationKind, subject: string): void {
    for (const listener of listeners.get(kind) ?? []) listener(subject);
  }

  async function read(): Promise<void> {
    const begun = performance.now();
    try {
      const { rows } = await watchPool.query<Row>(RECENT);
      for (const { id, kind, subject } of rows) if (!known.has(id)) forget(kind, subject);
      known = new Set(rows.map(({ id }) => id));
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
