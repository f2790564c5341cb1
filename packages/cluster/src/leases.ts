import type { Queryable } from '@wa-gate/db';

export interface LoadGauges {
  /** Percent of one core; more than 100 with several cores. */
  cpuUsage: number;
  /** Percent of the memory that the process may use. */
  memoryUsage: number;
  eventLoopDelayMs: number;
}

/** One incarnation of a worker. */
export interface Incarnation {
  workerId: string;
  incarnation: number;
}

/**
 * Records when an expired lease fell silent, when the same or the next incarnation holds it again. The right sides read
 * the values from before the update.
 */
const HAD_EXPIRED = 'worker_leases.ended_at IS NULL AND worker_leases.expires_at < now()';
export const REVIVAL = `revived_at = CASE WHEN ${HAD_EXPIRED} THEN now() ELSE worker_leases.revived_at END,
  silent_since = CASE WHEN ${HAD_EXPIRED} THEN worker_leases.renewed_at ELSE worker_leases.silent_since END`;

/** A renewal that was held up must not take back what a later one has written. */
const RENEW = {
  name: 'renew-lease',
  text: `UPDATE worker_leases SET expires_at = now() + $3 * interval '1 ms', renewed_at = now(), cpu_usage = $4,
      memory_usage = $5, event_loop_delay_ms = $6, message_count = greatest(message_count, $7), ${REVIVAL}
    WHERE worker_id = $1 AND incarnation = $2 AND ended_at IS NULL RETURNING message_count AS "messageCount"`,
};

/**
 * Renews the lease of one incarnation. `false`: it was ended, or a newer incarnation has registered, and the process
 * must stop everything. An ended lease cannot be renewed, because its sessions may have moved already. An expired one
 * can, with the sessions that are still its own.
 */
export async function renewLease(
  db: Queryable,
  lease: Incarnation & { ttlMs: number },
  load: LoadGauges,
): Promise<boolean> {
  return (await renewLeaseCounting(db, lease, load, 0)) !== null;
}

/**
 * The same with the messages of this worker over all its process lives. Returns the stored number, from which a new
 * process goes on; `null` where {@link renewLease} returns `false`.
 *
 * @param messageCount 0 where the process does not know it yet
 */
export async function renewLeaseCounting(
  db: Queryable,
  lease: Incarnation & { ttlMs: number },
  load: LoadGauges,
  messageCount: number,
): Promise<{ messageCount: number } | null> {
  const values = [
    lease.workerId,
    lease.incarnation,
    lease.ttlMs,
    load.cpuUsage,
    load.memoryUsage,
    load.eventLoopDelayMs,
    messageCount,
  ];
  const { rows } = await db.query<{ messageCount: number }>({ ...RENEW, values });
  return rows[0] ?? null;
}

/** Stops new placements on a process that shuts down. `false`: the lease is not its own any more. */
export async function beginDraining(db: Queryable, { workerId, incarnation }: Incarnation): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE worker_leases SET runtime_state = 'DRAINING' WHERE worker_id = $1 AND incarnation = $2 AND ended_at IS NULL`,
    [workerId, incarnation],
  );
  return rowCount === 1;
}

/**
 * Ends the lease of one incarnation at once, by a goodbye or by evidence of its death. Its sessions may be taken over
 * then. `true` when this call ended it; `false` when it was ended before, or a newer incarnation holds it.
 */
export async function endLease(
  db: Queryable,
  { workerId, incarnation }: Incarnation,
  reason: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE worker_leases SET ended_at = now(), ended_reason = $3
     WHERE worker_id = $1 AND incarnation = $2 AND ended_at IS NULL`,
    [workerId, incarnation, reason],
  );
  return rowCount === 1;
}

/**
 * Stores the messages of a worker over all its process lives at the end of one, where no renewal does it any more. A
 * gateway that has heard its goodbye may have ended the lease before.
 */
export async function storeMessageCount(
  db: Queryable,
  { workerId, incarnation }: Incarnation,
  messageCount: number,
): Promise<void> {
  await db.query(
    `UPDATE worker_leases SET message_count = greatest(message_count, $3) WHERE worker_id = $1 AND incarnation = $2`,
    [workerId, incarnation, messageCount],
  );
}
