import { type KeyWrite, StaleEpochError, writeManySessionKeys } from '@wa-gate/cluster';
import { isDatabaseUnavailable, type Pool } from '@wa-gate/db';
import { backoffDelay, type Clock } from '@wa-gate/kit';

/**
 * PostgreSQL could not say whether the keys were written, or kept refusing them. What the process believes may not be
 * what is stored: the connection must end and the session start again from the database. Never retried blindly.
 */
export class KeysLostError extends Error {
  override name = 'KeysLostError';
}

export interface KeyWriter {
  /**
   * Resolves when the write is durable.
   *
   * @throws {StaleEpochError} the owner is not the owner any more; nothing was written
   * @throws {KeysLostError}
   */
  write(write: KeyWrite): Promise<void>;
  /** Resolves when everything asked for so far is settled. */
  idle(): Promise<void>;
}

interface Waiting {
  write: KeyWrite;
  keys: string[];
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * Single-flight halves the rate of one session, and no limit merges nothing under load; 2-4 were measured as good
 * (docs/decisions/0013-key-store-concurrency.md).
 */
const STATEMENTS_IN_FLIGHT = 4;
const MAX_WRITES_PER_STATEMENT = 64;
/** Tries of a statement that certainly wrote nothing. Together well under the time in which a peer gives up on us. */
const MAX_ATTEMPTS = 5;
const RETRY = { initialMs: 50, maxMs: 1_000 };

/**
 * Writes the keys of all sessions of this worker: whatever queues up behind the statements in flight goes into the
 * next one. Two writes of the same key keep their order, and one statement carries one epoch of a session.
 */
export function createKeyWriter({ pool, clock }: { pool: Pool; clock: Clock }): KeyWriter {
  const queue: Waiting[] = [];
  const busyKeys = new Set<string>();
  const statements = new Set<Promise<void>>();
  let isScheduled = false;

  function takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const blocked = new Set(busyKeys);
    const epochs = new Map<string, number>();
    for (let i = 0; i < queue.length && batch.length < MAX_WRITES_PER_STATEMENT; ) {
      const waiting = queue[i]!;
      const { sessionId, epoch } = waiting.write.owner;
      const fits = (epochs.get(sessionId) ?? epoch) === epoch && !waiting.keys.some((key) => blocked.has(key));
      // Whether taken or left, later writes of these keys must come after this one.
      for (const key of waiting.keys) blocked.add(key);
      if (fits) {
        epochs.set(sessionId, epoch);
        batch.push(waiting);
        queue.splice(i, 1);
      } else {
        i += 1;
      }
    }
    return batch;
  }

  /**
   * After all promises that are ready now. The steps of one message, to each device of both sides, run side by side
   * and wait for nothing else, so they arrive in one burst and become one statement. (A microtask would come too
   * early: each step is many of them.)
   */
  function scheduleDrain(): void {
    if (isScheduled) return;
    isScheduled = true;
    process.nextTick(drain);
  }

  function drain(): void {
    isScheduled = false;
    while (statements.size < STATEMENTS_IN_FLIGHT && queue.length > 0) {
      const batch = takeBatch();
      if (batch.length === 0) return;
      const statement = run(batch).finally(() => {
        statements.delete(statement);
        drain();
      });
      statements.add(statement);
    }
  }

  async function run(batch: Waiting[]): Promise<void> {
    for (const { keys } of batch) for (const key of keys) busyKeys.add(key);
    try {
      const stale = new Set(await write(batch));
      for (const {
        write: { owner },
        resolve,
        reject,
      } of batch) {
        if (stale.has(owner.sessionId)) reject(new StaleEpochError([owner.sessionId]));
        else resolve();
      }
    } catch (cause) {
      for (const { reject } of batch) reject(new KeysLostError('The keys could not be written.', { cause }));
    } finally {
      for (const { keys } of batch) for (const key of keys) busyKeys.delete(key);
    }
  }

  async function write(batch: Waiting[]): Promise<string[]> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await writeManySessionKeys(
          pool,
          batch.map((waiting) => waiting.write),
        );
      } catch (error) {
        if (attempt + 1 >= MAX_ATTEMPTS || !certainlyNotWritten(error)) throw error;
        await clock.sleep(backoffDelay(attempt, RETRY));
      }
    }
  }

  return {
    write: (keyWrite) =>
      new Promise<void>((resolve, reject) => {
        queue.push({ write: keyWrite, keys: keysOf(keyWrite), resolve, reject });
        scheduleDrain();
      }),
    async idle() {
      while (queue.length > 0 || statements.size > 0) {
        drain();
        await Promise.allSettled(statements);
      }
    },
  };
}

function keysOf({ owner, upserts, deletes }: KeyWrite): string[] {
  return [...upserts, ...deletes].map(({ kind, keyId }) => `${owner.sessionId}|${kind}|${keyId}`);
}

/** A refused connection, or an error that the server reported for a statement and from which it may recover. */
function certainlyNotWritten(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? '';
  const message = error instanceof Error ? error.message : '';
  if (code === 'ECONNREFUSED' || message.includes('timeout exceeded when trying to connect')) return true;
  // 08…: connection trouble, 57P0…: the server went down under the statement; both leave the outcome open.
  return isDatabaseUnavailable(error) && /^(40001|40P01|53|55P03)/.test(code);
}
