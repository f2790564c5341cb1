import type { ClusterTiming, PlaceResult } from '@wa-gate/cluster';
import { type Clock, createLoop, type Logger } from '@wa-gate/kit';
import type { GatewayMetrics } from '../metrics/index.ts';
import type { ControlStreams } from './control-streams.ts';
import type { PlacementService } from './placement.ts';

const BATCH = 200;
/** Spreads the rounds of several gateways. */
const JITTER = 0.1;
/** Everything left is locked by another gateway that is about to finish: try again, but do not spin. */
const LOCKED_PAUSE_MS = 20;
/** The part of `reconcileEveryMs` after which a round follows while sessions have their turn later. */
const SOON = 0.25;

export interface ReconcilerDependencies {
  placement: PlacementService;
  /** Detects the ends of workers. */
  streams: Pick<ControlStreams, 'onEvidence'>;
  clock: Clock;
  logger: Logger;
  metrics: Pick<
    GatewayMetrics,
    'placementChanges' | 'takeovers' | 'placementWaiting' | 'placementMoves' | 'workerDeaths'
  >;
  timing: Pick<ClusterTiming, 'reconcileEveryMs'>;
}

export interface Reconciler {
  start(): void;
  /** Begins a round now. A notification during a round causes one more. */
  notify(): void;
  stop(): Promise<void>;
}

/**
 * Places sessions that should run and have no living owner, asks draining workers for their next sessions, and
 * overloaded workers for a few. Every gateway runs one. Several at once are harmless, because PostgreSQL decides all of
 * it under locks (I1, I9). A failed round is logged and the next one tries again.
 */
export function createReconciler(deps: ReconcilerDependencies): Reconciler {
  const { placement, streams, clock, logger, metrics, timing } = deps;
  let isBraking = false;

  async function round(stopping: AbortSignal): Promise<void> {
    // Before their sessions move: the events tell how many there were.
    await placement
      .noteWorkers()
      .catch((error: unknown) => logger.warn({ err: error }, 'changes of workers not noted'));
    const later = await placeAll(stopping);
    if (later > 0) notifySoon(stopping);
    await move('drain', () => placement.drain());
    await move('rebalance', () => placement.rebalance());
  }

  function notifySoon(stopping: AbortSignal): void {
    clock.sleep(timing.reconcileEveryMs * SOON, stopping).then(
      () => loop.notify(),
      () => undefined,
    );
  }

  /** Resolves with how many sessions have their turn later. */
  async function placeAll(stopping: AbortSignal): Promise<number> {
    for (;;) {
      const result = await placement.placeWaiting(BATCH);
      report(result);
      if (!result.more || stopping.aborted) return result.later;
      if (!result.assignments.length) await clock.sleep(LOCKED_PAUSE_MS, stopping).catch(() => undefined);
    }
  }

  function report({ assignments, gone, braked, waiting }: PlaceResult): void {
    metrics.placementWaiting.set({ why: 'no room' }, waiting);
    metrics.placementWaiting.set({ why: 'storm brake' }, braked);
    for (const { reason } of assignments) metrics.placementChanges.inc({ reason });
    for (const { workerId, incarnation, cause } of gone) {
      const sessions = assignments.filter(({ from }) => from === workerId).length;
      if (!sessions) continue;
      metrics.takeovers.inc({ cause }, sessions);
      logger.warn({ workerId, incarnation, cause, sessions }, 'sessions taken over from a worker that is gone');
    }
    const placed = assignments.filter(({ from }) => from === null).length;
    if (placed) logger.info({ placed }, 'sessions placed');
    tellBrake(braked);
  }

  /** Logs once when the brake begins to hold, and once when it is released. */
  function tellBrake(braked: number): void {
    if (braked && !isBraking)
      logger.warn(
        { braked },
        'storm brake: most workers fell silent together; their sessions wait, because the cause is rather the database or the network',
      );
    if (!braked && isBraking) logger.info('storm brake released');
    isBraking = braked > 0;
  }

  async function move(reason: 'drain' | 'rebalance', round: () => Promise<number>): Promise<void> {
    const sessions = await round();
    if (!sessions) return;
    metrics.placementMoves.inc({ reason }, sessions);
    logger.info({ sessions }, `sessions asked to move: ${reason}`);
  }

  const loop = createLoop({
    clock,
    round,
    everyMs: timing.reconcileEveryMs,
    jitter: JITTER,
    onError: (error) => logger.warn({ err: error }, 'reconciling failed'),
  });
  streams.onEvidence((_target, evidence, isNews) => {
    if (!isNews) return;
    metrics.workerDeaths.inc({ evidence });
    loop.notify();
  });
  return loop;
}
