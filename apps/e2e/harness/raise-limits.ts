import { RATE_LIMITS, USER_TIERS } from '@wa-gate/contracts';
import type { GatewayClient } from './gateway-client.ts';
import { UnexpectedAnswer } from './http.ts';
import { waitFor } from './wait-for.ts';

/** Above what a run can reach, below the maximum of the API. */
const PLENTY = 1_000_000_000;
const MANY_SESSIONS = 1_000_000;
/** Half an hour of files is more than a small tier keeps. */
const MANY_BYTES = 2 ** 40;

/**
 * Raises every rate limit and tier over the API, as an administrator does. Requests are still counted, so the cost of
 * counting is measured.
 */
export async function raiseLimits(gateway: GatewayClient, admin: { email: string; password: string }): Promise<void> {
  // A machine that is busy with other things answers 503 for a while: PostgreSQL has not answered in time.
  const { token } = await waitFor(() => gateway.login(admin.email, admin.password), { what: 'the administrator' });
  const api = gateway.as(token);
  const put = (path: string, json: unknown) =>
    waitFor(async () => (await api.data(path, { method: 'PUT', json })) ?? true, { what: `PUT ${path}` });
  // Versions before the limit of files do not know it.
  const putIfKnown = (path: string, json: unknown) =>
    waitFor(
      () =>
        api.data(path, { method: 'PUT', json }).then(
          () => true,
          (error: unknown) => {
            if (error instanceof UnexpectedAnswer && error.answer.status === 400) return true;
            throw error;
          },
        ),
      { what: `PUT ${path}` },
    );
  await Promise.all([
    ...Object.entries(RATE_LIMITS).map(([bucket, { windowSeconds }]) =>
      put(`/api/admin/rate-limits/${bucket}`, { max: PLENTY, windowSeconds }),
    ),
    ...USER_TIERS.map(async (tier) => {
      await put(`/api/admin/tiers/${tier}`, { maxSessions: MANY_SESSIONS, messagesPerHour: PLENTY });
      await putIfKnown(`/api/admin/tiers/${tier}`, { mediaBytes: MANY_BYTES });
    }),
  ]);
}
