import { RATE_LIMITS, USER_TIERS } from '@wa-gate/contracts';
import type { GatewayClient } from './gateway-client.ts';

/** Above what a run can reach, below the maximum of the API. */
const PLENTY = 1_000_000_000;
const MANY_SESSIONS = 1_000_000;

/**
 * Raises every rate limit and tier over the API, as an administrator does. Requests are still counted, so the cost of
 * counting is measured.
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
