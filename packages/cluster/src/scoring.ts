/** The figures of a worker for placement. */
export interface WorkerLoad {
  /** Sessions placed there. */
  assigned: number;
  capacity: number;
  /** Percent. */
  cpuUsage: number;
  /** Percent. */
  memoryUsage: number;
  eventLoopDelayMs: number;
  /** Whether it runs the newest revision of its network; without a rollout all do. */
  isNewest: boolean;
}

/** A gauge counts only above this value. On a calm fleet the number of sessions alone decides, without noise. */
const EASE = { cpuUsage: 50, memoryUsage: 50, eventLoopDelayMs: 50 } as const;
/** At this value and above a gauge has its full weight. */
const FULL = { cpuUsage: 100, memoryUsage: 100, eventLoopDelayMs: 200 } as const;
/** The weight of a full gauge, as a share of the capacity of the worker. */
const WEIGHT = { cpuUsage: 0.2, memoryUsage: 0.1, eventLoopDelayMs: 0.2 } as const;
/** During a rollout a worker of an older revision ends soon, and its sessions have to move again. */
const OLD_REVISION = 0.5;

type Gauge = keyof typeof EASE;

const strain = (gauge: Gauge, value: number): number =>
  WEIGHT[gauge] * Math.min(Math.max((value - EASE[gauge]) / (FULL[gauge] - EASE[gauge]), 0), 1);

/**
 * The score of a worker; lower is better. It is the used share of its capacity, with penalties for a busy processor,
 * full memory, a slow event loop and, during a rollout, an older revision.
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
