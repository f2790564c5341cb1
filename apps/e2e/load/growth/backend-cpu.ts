import type { Pool } from '@wa-gate/db';
import { NOT_COUNTED } from '../measure/database-work.ts';
import { ownCpu } from '../measure/process-cpu.ts';

/** Names of the connections of a measuring program. */
const MEASURING = ['e2e', 'test', 'load-growth'];

/**
 * Processor time of the connections to one database, in milliseconds: systems that stand side by side share the server.
 * What the server writes in the background is not in it, nor are the connections of the measuring program.
 */
export async function watchBackends(pool: Pool): Promise<() => Promise<number>> {
  const read = async (): Promise<Map<number, number>> => {
    const { rows } = await pool.query<{ pid: number }>(
      `SELECT ${NOT_COUNTED} pid FROM pg_stat_activity
       WHERE datname = current_database() AND backend_type = 'client backend' AND NOT application_name = ANY($1)`,
      [MEASURING],
    );
    return new Map(rows.map(({ pid }) => [pid, ownCpu(pid) ?? 0]));
  };
  const before = await read();
  return async () => [...(await read())].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0);
}
