import type { Pool } from '@wa-gate/db';
import { countMessageStatistics } from '@wa-gate/messaging';
import type { MaintenanceTask } from './maintenance.ts';

/** Counts the messages of complete hours for the dashboard. A backlog is counted over several rounds. */
export const statisticsTask = (pool: Pool): MaintenanceTask => ({
  name: 'message statistics',
  run: async (limit) => ((await countMessageStatistics(pool, new Date())) ? limit : 0),
});
