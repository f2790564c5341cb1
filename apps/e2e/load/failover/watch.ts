import type { Pool } from '@wa-gate/db';
import { waitFor } from '@wa-gate/testkit';
import type { System } from '../../harness/system.ts';

/** Times are milliseconds since 1970: PostgreSQL, the sandbox and this script use the clock of the same machine. */
export interface PlacementRow {
  slug: string;
  workerId: string | null;
  epoch: number;
  incarnation: number | null;
  changedAt: number;
  state: string;
}

export async function placements(pool: Pool): Promise<PlacementRow[]> {
  const { rows } = await pool.query<PlacementRow>(
    `SELECT s.slug, s.state::text AS state, p.worker_id AS "workerId", p.epoch, p.incarnation, extract(epoch FROM p.changed_at)::float8 * 1000 AS "changedAt"
     FROM session_placements p JOIN sessions s ON s.id = p.session_id`,
  );
  return rows;
}

/** Waits until all sessions are connected and logged in, under leases that are valid. */
export async function untilAllConnected(system: System, count: number, timeoutMs: number): Promise<void> {
  const question = `SELECT count(*) AS count FROM sessions s JOIN session_placements p ON p.session_id = s.id
    JOIN worker_leases l ON l.worker_id = p.worker_id AND l.incarnation = p.incarnation AND l.ended_at IS NULL AND l.expires_at > now()
    WHERE s.state = 'CONNECTED' AND p.state = 'ASSIGNED'`;
  const areConnected = async () => {
    const { rows } = await system.services.pool.query<{ count: number }>(question);
    return rows[0]!.count >= count && (await system.sandbox.liveStreams()) >= count;
  };
  await waitFor(areConnected, { timeoutMs, everyMs: 100, what: `${count} sessions to be connected` });
}

/** The first login of each device after `at`. */
export async function loginsAfter(system: System, at: number): Promise<Map<string, number>> {
  const logins = new Map<string, number>();
  for (const { kind, device, openedAt } of await system.sandbox.wireStreams()) {
    if (kind !== 'login' || !device || openedAt < at) continue;
    logins.set(device, Math.min(openedAt, logins.get(device) ?? Number.POSITIVE_INFINITY));
  }
  return logins;
}

/**
 * The milliseconds without a connection of each device, from the end of its last stream before the move to the login
 * after it.
 */
export async function gapsAfter(system: System, at: number): Promise<Map<string, number>> {
  const logins = await loginsAfter(system, at);
  const ends = new Map<string, number>();
  for (const { kind, device, openedAt, closedAt } of await system.sandbox.wireStreams()) {
    if (kind !== 'login' || !device || openedAt >= (logins.get(device) ?? 0) || closedAt === null) continue;
    ends.set(device, Math.max(closedAt, ends.get(device) ?? 0));
  }
  return new Map(
    [...logins].map(([device, login]) => [device, Math.max(0, login - (ends.get(device) ?? login))] as const),
  );
}
