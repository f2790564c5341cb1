import { isDatabaseUnavailable } from '@wa-gate/db';
import { backoffDelay, type Clock, type Logger } from '@wa-gate/kit';
import { KeyedLock } from '../keyed-lock.ts';

export interface SessionWritesOptions {
  /** The name in logs. */
  name: string;
  clock: Clock;
  logger: Logger;
}

const RETRY = { initialMs: 100, maxMs: 5_000 };
/** Writes at the same time, of all sessions: each takes a connection from the pool that the batchers use, too. */
const CONCURRENT = 4;

/**
 * Writes of single sessions that lock rows of their session alone. Those of one session run in the order of the calls;
 * a session does not wait for the rows of another one, as it would behind a batch of all sessions.
 */
export class SessionWrites {
  readonly #options: SessionWritesOptions;
  readonly #turns = new KeyedLock();
  /** The last write of each session. */
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: SessionWritesOptions) {
    this.#options = options;
  }

  /** @throws what `write` throws */
  async run<T>(sessionId: string, write: () => Promise<T>): Promise<T> {
    const turn = this.#turns.run(sessionId, () => this.#inSlot(write));
    this.#last.set(sessionId, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(sessionId) === turn) this.#last.delete(sessionId);
    }
  }

  /** A database that does not answer only delays it, so `write` must be idempotent. @throws what else `write` throws */
  runUntilAnswered<T>(sessionId: string, write: () => Promise<T>): Promise<T> {
    const { name, clock, logger } = this.#options;
    return this.run(sessionId, async () => {
      for (let failures = 0; ; failures += 1) {
        try {
          return await write();
        } catch (error) {
          if (!isDatabaseUnavailable(error)) throw error;
          logger.warn({ err: error, sessionId, writes: name }, 'not written, trying again');
          await clock.sleep(backoffDelay(failures, RETRY));
        }
      }
    });
  }

  /** Resolves when everything asked for until now has ended; with `sessionId`, only what was for that session. */
  async flush(sessionId?: string): Promise<void> {
    const writes =
      sessionId === undefined ? [...this.#last.values()] : [this.#last.get(sessionId) ?? Promise.resolve()];
    await Promise.allSettled(writes);
  }

  async #inSlot<T>(write: () => Promise<T>): Promise<T> {
    if (this.#running >= CONCURRENT) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await write();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
