import { type PairedSession, pairSession, type Tenant, uniqueName } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { makeInParallel } from './in-parallel.ts';

/** So many pairings may fail: the sandbox gives a client 20 s, which a busy machine exceeds now and then. */
const TOLERATED_SHARE = 0.05;

/**
 * Pairs so many sessions, some at a time. One whose pairing fails is deleted, and another one takes its place.
 *
 * @param onPaired is told each session; what it rejects with is not repeated
 * @throws {Error} when too many fail; the last failure is its cause
 */
export async function pairMany(
  system: System,
  tenant: Tenant,
  count: number,
  onPaired: (session: PairedSession) => Promise<void> = async () => undefined,
): Promise<void> {
  let failures = 0;
  const pair = async (): Promise<PairedSession> => {
    for (;;) {
      const sessionId = uniqueName('session');
      try {
        return await pairSession(system, tenant, { sessionId });
      } catch (error) {
        failures += 1;
        if (failures > Math.max(3, count * TOLERATED_SHARE))
          throw new Error(`${failures} pairings of ${count} failed`, { cause: error });
        console.log(`A pairing failed and is done again: ${(error as Error).message}`);
        await tenant.api.call(`/api/sessions/${sessionId}`, { method: 'DELETE' });
      }
    }
  };
  await makeInParallel(0, count, async () => onPaired(await pair()));
}
