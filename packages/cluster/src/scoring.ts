/** What placement knows about a worker. */
export interface WorkerLoad {
  /** Sessions placed there. */
  assigned: number;
  capacity: number;
  /** Percent. */
  cpuUsage: number;
  /** Percent. */
  memoryUsage: number;
  eventLoopDelayMs: number;
  /** Runs the newest revision of its network; without a rollout all do. */
  isNewest: boolean;
}

/** A gauge counts only above its ease: on a calm fleet the number of sessions alone decides, and noise does not. */
const EASE = { cpuUsage: 50, memoryUsage: 50, eventLoopDelayMs: 50 } as const;
/** At this value and beyond a gauge weighs fully. */
const FULL = { cpuUsage: 100, memoryUsage: 100, eventLoopDelayMs: 200 } as const;
/** What a full gauge weighs, in shares of a worker's capacity. */
const WEIGHT = { cpuUsage: 0.2, memoryUsage: 0.1, eventLoopDelayMs: 0.2 } as const;
/** During a rollout a worker of an older revision will end soon, and what goes there has to move once more. */
const OLD_REVISION = 0.5;

type Gauge = keyof typeof EASE;

const strain = (gauge: Gauge, value: number): number =>
  WEIGHT[gauge] * Math.min(Math.max((value - EASE[gauge]) / (FULL[gauge] - EASE[gauge]), 0), 1);

/**
 * The score of a worker: lower is better. Share of its capacity in use, with penalties for a busy processor, full
 * memory, a slow event loop and, during a rollout, an older revision.
 */
export function scoreWorker(load: WorkerLoad): number {
  return (
    load.assigned / Math.max(load.capacity, 1) +
    strain('cpuUsage', load.cpuUsage) +
    strain('memoryUsage', load.memoryUsage) +
    strain('eventLoopDelayMs', load.eventLoopDelayMs) +
    (load.isNewest ? 0 : OLD_REVISION)
  );
}
