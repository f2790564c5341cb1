import type { Pool } from '@wa-gate/db';
import { type Clock, type Logger, newId } from '@wa-gate/kit';
import { type HitCounts, recordHits } from './record-hits.ts';

/** Hits that this process counts while Redis is away, written to PostgreSQL from time to time. */
export interface LocalHits {
  count(hit: string): void;
  start(): void;
  /** Writes what is left. */
  stop(): Promise<void>;
}

const WRITE_EVERY_MS = 10_000;

export function createLocalHits({ pool, clock, logger }: { pool: Pool; clock: Clock; logger: Logger }): LocalHits {
  const ending = new AbortController();
  let counts = new Map<string, number>();
  /** Keeps its id until it is written: it may have been, although the answer got lost. */
  let batch: { id: string; counts: HitCounts } | undefined;
  let running: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    if (!batch && counts.size === 0) return;
    if (!batch) {
      batch = { id: newId(), counts };
      counts = new Map();
    }
    try {
      await recordHits(pool, batch.id, batch.counts);
      batch = undefined;
    } catch (error) {
      logger.warn({ err: error }, 'hits not written yet');
    }
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      await clock.sleep(WRITE_EVERY_MS, ending.signal).catch(() => undefined);
      await write();
    }
    await write();
  }

  return {
    count(hit) {
      counts.set(hit, (counts.get(hit) ?? 0) + 1);
    },
    start() {
      running = run();
    },
    async stop() {
      ending.abort();
      await running;
    },
  };
}
