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
}

/** A gauge counts only above its ease: on a calm fleet the number of sessions alone decides, and noise does not. */
const EASE = { cpuUsage: 50, memoryUsage: 50, eventLoopDelayMs: 50 } as const;
/** At this value and beyond a gauge weighs fully. */
const FULL = { cpuUsage: 100, memoryUsage: 100, eventLoopDelayMs: 200 } as const;
/** What a full gauge weighs, in shares of a worker's capacity. */
const WEIGHT = { cpuUsage: 0.2, memoryUsage: 0.1, eventLoopDelayMs: 0.2 } as const;

type Gauge = keyof typeof EASE;

const strain = (gauge: Gauge, value: number): number =>
  WEIGHT[gauge] * Math.min(Math.max((value - EASE[gauge]) / (FULL[gauge] - EASE[gauge]), 0), 1);

/**
 * The score of a worker: lower is better. Share of its capacity in use, with penalties for a busy processor, full memory and
 * a slow event loop. {@link SCORE_SQL} is the same expression over exact counts; a test compares the two.
 */
export function scoreWorker(load: WorkerLoad): number {
  return (
    load.assigned / Math.max(load.capacity, 1) +
    strain('cpuUsage', load.cpuUsage) +
    strain('memoryUsage', load.memoryUsage) +
    strain('eventLoopDelayMs', load.eventLoopDelayMs)
  );
}

const strainSql = (gauge: Gauge, column: string): string =>
  `${WEIGHT[gauge]} * least(greatest((${column} - ${EASE[gauge]}) / ${FULL[gauge] - EASE[gauge]}.0, 0), 1)`;

/** The same over the columns `assigned`, `w.max_sessions` and the lease `l`. */
export const SCORE_SQL = `assigned::float8 / greatest(w.max_sessions, 1)
  + ${strainSql('cpuUsage', 'l.cpu_usage')}
  + ${strainSql('memoryUsage', 'l.memory_usage')}
  + ${strainSql('eventLoopDelayMs', 'l.event_loop_delay_ms')}`;
