import type { Pool } from '@wa-gate/db';
import { type DatabaseWork, watchDatabase } from './database-work.ts';
import { type WatchedProcess, watchCpu } from './process-cpu.ts';

/** What a run cost. */
export interface RunCost {
  /** CPU of each process, in milliseconds. */
  cpuMs: Record<string, number>;
  /** `null`: this side has no database. */
  database: DatabaseWork | null;
}

/** Begins to count; the function that it returns ends it. */
export async function watchCost(
  processes: readonly WatchedProcess[],
  pool: Pool | null,
): Promise<() => Promise<RunCost>> {
  const database = pool && (await watchDatabase(pool));
  const cpu = watchCpu(processes);
  return async () => {
    const cpuMs = cpu();
    return { cpuMs, database: database && (await database()) };
  };
}
