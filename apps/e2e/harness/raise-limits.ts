import { RATE_LIMITS, USER_TIERS } from '@wa-gate/contracts';
import type { GatewayClient } from './gateway-client.ts';

/** Above what a run can reach, below what the API takes. */
const PLENTY = 1_000_000_000;
const MANY_SESSIONS = 1_000_000;

/**
 * Raises every rate limit and tier, as an administrator does it, by the API. Counting goes on: what a run measures
 * contains it.
 */
export async function raiseLimits(gateway: GatewayClient, admin: { email: string; password: string }): Promise<void> {
  const { token } = await gateway.login(admin.email, admin.password);
  const api = gateway.as(token);
  const put = (path: string, json: unknown) => api.data(path, { method: 'PUT', json });
  const allowance = { maxSessions: MANY_SESSIONS, messagesPerHour: PLENTY };
  await Promise.all([
    ...Object.entries(RATE_LIMITS).map(([bucket, { windowSeconds }]) =>
      put(`/api/admin/rate-limits/${bucket}`, { max: PLENTY, windowSeconds }),
    ),
    ...USER_TIERS.map((tier) => put(`/api/admin/tiers/${tier}`, allowance)),
  ]);
}
