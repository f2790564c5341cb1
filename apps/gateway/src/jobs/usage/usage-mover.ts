import type { Pool } from '@wa-gate/db';
import { type Clock, createLoop, type Logger } from '@wa-gate/kit';
import { countCompleteHours } from '@wa-gate/messaging';
import { type HitBatches, recordHits } from '../../modules/usage/index.ts';

/**
 * Moves usage into PostgreSQL: hits out of Redis, and the messages of complete hours out of their rows. Any number of
 * processes may run it.
 */
export interface UsageMover {
  start(): void;
  /** One round. */
  move(): Promise<void>;
  stop(): Promise<void>;
}

export interface UsageMoverDependencies {
  pool: Pool;
  batches: HitBatches;
  clock: Clock;
  logger: Logger;
}

/** So much of the hits is lost at most, when Redis loses everything. */
const MOVE_EVERY_MS = 10_000;

export function createUsageMover({ pool, batches, clock, logger }: UsageMoverDependencies): UsageMover {
  async function moveHits(): Promise<void> {
    await batches.begin();
    for (const id of await batches.list()) {
      const counts = await batches.read(id);
      // Gone: another process was faster.
      if (counts.size > 0) await recordHits(pool, id, counts);
      await batches.forget(id);
    }
  }

  async function countHours(stopping?: AbortSignal): Promise<void> {
    while (!stopping?.aborted && (await countCompleteHours(pool, new Date(clock.now()))));
  }

  /** What cannot be done now is done in the next round. */
  async function attempt(work: () => Promise<void>, what: string): Promise<void> {
    try {
      await work();
    } catch (error) {
      logger.warn({ err: error }, what);
    }
  }

  async function move(stopping?: AbortSignal): Promise<void> {
    await attempt(moveHits, 'hits not moved yet');
    await attempt(() => countHours(stopping), 'messages of complete hours not counted yet');
  }

  const loop = createLoop({
    clock,
    round: move,
    everyMs: MOVE_EVERY_MS,
    pausesFirst: true,
    onError: (error) => logger.warn({ err: error }, 'usage not moved'),
  });

  return { start: loop.start, move: () => move(), stop: loop.stop };
}
