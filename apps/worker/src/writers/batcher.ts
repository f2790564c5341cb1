import type { Ownership } from '@wa-gate/cluster';
import { isDatabaseUnavailable } from '@wa-gate/db';
import { backoffDelay, type Clock, type Logger } from '@wa-gate/kit';
import type { KeyedLock } from '../keyed-lock.ts';

export interface BatcherOptions<T extends Ownership> {
  /** The name in logs and metrics. */
  name: string;
  /** Writes a batch in one statement. Each session has only one epoch in a batch. */
  run: (batch: T[]) => Promise<void>;
  /** Shared by batchers whose statements update the same rows of many sessions: two at once could deadlock. */
  writeLock: KeyedLock;
  /** Milliseconds that an item without urgency may wait for others. @default 0 */
  lingerMs?: number;
  /** @default 500 */
  maxBatch?: number;
  clock: Clock;
  logger: Logger;
  /** Called for an item that can never be written. */
  onPoison: (item: T, error: unknown) => void;
}

const RETRY = { initialMs: 100, maxMs: 5_000 };

/**
 * Batches the writes of all sessions of this worker. One statement runs at a time; items that come meanwhile go into
 * the next. Items keep their order. A failure of the database only delays them, so `run` must be idempotent.
 */
export class Batcher<T extends Ownership> {
  readonly #options: BatcherOptions<T>;
  #queue: T[] = [];
  /** The items of the running statement, and the promise of its end. */
  #batch: T[] = [];
  #step: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#queue.length;
  }

  /** Queues items. Urgent ones are written at once, with everything that lingers. */
  add(items: readonly T[], { urgent = true } = {}): void {
    this.#queue.push(...items);
    if (urgent || !this.#options.lingerMs) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), this.#options.lingerMs).unref();
  }

  /** Resolves when everything queued is written; with `sessionId`, only what that session has queued. */
  async flush(sessionId?: string): Promise<void> {
    this.#start();
    while (sessionId === undefined && this.#running) await this.#running;
    while (sessionId !== undefined && this.#holds(sessionId)) {
      this.#start();
      await this.#step;
    }
  }

  #holds(sessionId: string): boolean {
    const isOfIt = (item: T) => item.sessionId === sessionId;
    return this.#batch.some(isOfIt) || this.#queue.some(isOfIt);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queue.length === 0) return;
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
      // Items may have come after the queue was found empty.
      this.#start();
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // The batch is taken after the write lock is held, so that items which come meanwhile join it.
      this.#step = this.#options.writeLock.run('', () => {
        this.#batch = this.#take();
        return this.#write(this.#batch);
      });
      await this.#step;
      this.#batch = [];
    }
  }

  #take(): T[] {
    const { maxBatch = 500 } = this.#options;
    const epochs = new Map<string, number>();
    const batch: T[] = [];
    const rest: T[] = [];
    for (const item of this.#queue) {
      const epoch = epochs.get(item.sessionId) ?? item.epoch;
      if (batch.length < maxBatch && epoch === item.epoch) {
        epochs.set(item.sessionId, epoch);
        batch.push(item);
      } else {
        rest.push(item);
      }
    }
    this.#queue = rest;
    return batch;
  }

  async #write(batch: T[]): Promise<void> {
    const { name, run, clock, logger, onPoison } = this.#options;
    for (let failures = 0; ; failures += 1) {
      try {
        return await run(batch);
      } catch (error) {
        if (isDatabaseUnavailable(error)) {
          logger.warn({ err: error, batch: name, size: batch.length }, 'batch not written, trying again');
          await clock.sleep(backoffDelay(failures, RETRY));
        } else if (batch.length > 1) {
          // One bad item fails the whole statement: bisect the batch to find it.
          const middle = batch.length >> 1;
          await this.#write(batch.slice(0, middle));
          return await this.#write(batch.slice(middle));
        } else {
          return onPoison(batch[0]!, error);
        }
      }
    }
  }
}
