import { RATE_LIMIT_NAMES, USER_TIERS } from '@wa-gate/contracts';
import type { GatewayClient } from '../../harness/gateway-client.ts';

/** Above what any test of this folder reaches, and counted all the same. */
export const PLENTY = { max: 1_000_000, windowSeconds: 60 };

const GB = 2 ** 30;
const TIER = { maxSessions: 1_000, messagesPerHour: 1_000_000, mediaBytes: 100 * GB, mediaMaxBytes: GB };

/** Raises every bucket and every tier, as an administrator does. Counting stays on. */
export async function raiseLimits(administrator: GatewayClient): Promise<void> {
  const put = (path: string, json: unknown) => administrator.data(path, { method: 'PUT', json });
  await Promise.all([
    ...RATE_LIMIT_NAMES.map((bucket) => put(`/api/admin/rate-limits/${bucket}`, PLENTY)),
    ...USER_TIERS.map((tier) => put(`/api/admin/tiers/${tier}`, TIER)),
  ]);
}
