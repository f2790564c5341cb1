import type { Pool } from '@wa-gate/db';
import { type Clock, createLoop, type Logger, newId } from '@wa-gate/kit';
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
  let counts = new Map<string, number>();
  /** Keeps its id until it is written: it may have been, although the answer got lost. */
  let batch: { id: string; counts: HitCounts } | undefined;

  async function write(): Promise<void> {
    if (!batch && counts.size === 0) return;
    if (!batch) {
      batch = { id: newId(), counts };
      counts = new Map();
    }
    await recordHits(pool, batch.id, batch.counts);
    batch = undefined;
  }

  const onError = (error: unknown) => logger.warn({ err: error }, 'hits not written yet');
  const loop = createLoop({ clock, round: write, everyMs: WRITE_EVERY_MS, pausesFirst: true, onError });

  return {
    count(hit) {
      counts.set(hit, (counts.get(hit) ?? 0) + 1);
    },
    start: loop.start,
    async stop() {
      await loop.stop();
      // What could not be written before goes first, then the rest.
      const isOld = batch !== undefined;
      await write().catch(onError);
      if (isOld) await write().catch(onError);
    },
  };
}
