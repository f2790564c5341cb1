import type { Pool } from '@wa-gate/db';
import { type Appended, endExpired } from '@wa-gate/messaging';
import type { MaintenanceTask } from './maintenance.ts';

/** No owner sends what has expired; its state says so after this at the latest. */
export const EXPIRY_EVERY_MS = 5_000;

/** Ends messages that were not sent in time. */
export const expiryTask = (pool: Pool, announce: (appended: Appended) => void): MaintenanceTask => ({
  name: 'messages that were not sent in time',
  async run(limit) {
    const ended = await endExpired(pool, limit);
    for (const of of ended) announce(of);
    return ended.reduce((sum, { messageIds }) => sum + messageIds.length, 0);
  },
});
