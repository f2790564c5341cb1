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

/**
 * The score of a worker: lower is better. Share of its capacity in use, with penalties for a busy processor, full memory and a slow event
 * loop. {@link SCORE_SQL} is the same expression over exact counts; a test compares the two.
 */
export function scoreWorker(load: WorkerLoad): number {
  return (
    load.assigned / Math.max(load.capacity, 1) +
    0.2 * Math.min(load.cpuUsage / 100, 1) +
    0.1 * Math.min(load.memoryUsage / 100, 1) +
    0.2 * Math.min(load.eventLoopDelayMs / 200, 1)
  );
}

/** The same over the columns `assigned`, `w.max_sessions` and the lease `l`. */
export const SCORE_SQL = `assigned::float8 / greatest(w.max_sessions, 1)
  + 0.2 * least(l.cpu_usage / 100, 1)
  + 0.1 * least(l.memory_usage / 100, 1)
  + 0.2 * least(l.event_loop_delay_ms / 200, 1)`;
