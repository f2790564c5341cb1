import type { Clock, Logger } from '@wa-gate/kit';
import type { PlacementService } from './placement.service.ts';

const BATCH = 50;
/** So that several gateways do not look at the same moment. */
const JITTER = 0.2;

export interface ReconcilerDependencies {
  placement: PlacementService;
  clock: Clock;
  logger: Logger;
  everyMs: number;
}

export interface Reconciler {
  start(): void;
  /** Look now: somebody rang. */
  ring(): void;
  stop(): Promise<void>;
}

/**
 * Every gateway runs one: sessions that should run and are nowhere get a worker. Several at once are harmless, because placing is a
 * compare-and-set (I1); a failed round is logged and the next one tries again.
 */
export function createReconciler({ placement, clock, logger, everyMs }: ReconcilerDependencies): Reconciler {
  const stopping = new AbortController();
  let wake = new AbortController();
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      try {
        const placed = await placement.placeUnassigned(BATCH);
        if (placed) logger.info({ placed }, 'sessions placed');
      } catch (error) {
        logger.warn({ err: error }, 'reconciling failed');
      }
      const pause = everyMs * (1 + JITTER * (Math.random() - 0.5));
      await clock.sleep(pause, AbortSignal.any([stopping.signal, wake.signal])).catch(() => undefined);
    }
  }

  return {
    start() {
      loop = run();
    },
    ring: () => wake.abort(),
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
