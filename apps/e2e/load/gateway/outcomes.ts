import { registerTenant, uniqueName, waitForStatus } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';

/** The count of successful operations. */
export interface Successes {
  tried: number;
  worked: number;
}

export const percent = ({ tried, worked }: Successes): number => (100 * worked) / tried;

async function attempt(tried: number, concurrency: number, once: () => Promise<unknown>): Promise<Successes> {
  let begun = 0;
  let worked = 0;
  const lane = async () => {
    while (begun < tried) {
      begun++;
      try {
        await once();
        worked++;
      } catch (error) {
        console.log(`! ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return { tried, worked };
}

/** Registers new users, several at a time. */
export const registerMany = (system: System, count: number): Promise<Successes> =>
  attempt(count, 4, () => registerTenant(system));

/** Creates sessions and waits for their QR codes. */
export async function createMany(system: System, count: number): Promise<Successes> {
  const tenant = await registerTenant(system);
  return attempt(count, 8, async () => {
    const sessionId = uniqueName('created');
    await tenant.api.createSession({ sessionId });
    await waitForStatus(tenant.api, sessionId, 'qr_required');
  });
}

/** Sessions of each worker. */
export async function spread(system: System): Promise<number[]> {
  const { rows } = await system.services.pool.query<{ count: string }>(
    `SELECT count(p.session_id) AS count FROM workers w LEFT JOIN session_placements p ON p.worker_id = w.id GROUP BY w.id ORDER BY w.id`,
  );
  return rows.map(({ count }) => Number(count));
}
