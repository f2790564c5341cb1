import type { Queryable } from '@wa-gate/db';
import type { Ownership } from './fence.ts';
import { FENCE_ONE, StaleEpochError } from './fence.ts';

/**
 * By so much epochs and incarnations leap when the database may have lost its latest writes. A process that was
 * placed in the lost time holds a number that the database does not know; after an ordinary step another process
 * could get the same one. The only exception of I1.
 */
export const OWNERSHIP_LEAP = 1_000;

/** What every ownership was before is void: sessions wait for a worker, and leases have ended. */
export async function leapOwnership(tx: Queryable): Promise<void> {
  await tx.query(
    `UPDATE session_placements SET epoch = epoch + $1, state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL,
       reason = 'recovered', changed_at = now()`,
    [OWNERSHIP_LEAP],
  );
  await tx.query(
    `UPDATE worker_leases SET incarnation = incarnation + $1, expires_at = least(expires_at, now()),
       ended_at = coalesce(ended_at, now()), ended_reason = coalesce(ended_reason, 'recovered')`,
    [OWNERSHIP_LEAP],
  );
  await tx.query('UPDATE removed_workers SET incarnation = incarnation + $1', [OWNERSHIP_LEAP]);
}

/**
 * Marks the keys of linked sessions as stale: they may be older than what was sent under them. Their next owner
 * renews them before it connects.
 *
 * @param sessionIds only these. @default all linked ones
 * @returns how many were marked
 */
export async function markKeysStale(
  tx: Queryable,
  recoveryId: string,
  sessionIds?: readonly string[],
): Promise<number> {
  const { rowCount } = await tx.query(
    `INSERT INTO stale_keys (session_id, recovery_id)
     SELECT k.session_id, $1 FROM session_keys k JOIN sessions s ON s.id = k.session_id WHERE k.kind = 'creds' AND ($2::uuid[] IS NULL OR k.session_id = ANY($2))
     ON CONFLICT (session_id) DO UPDATE SET recovery_id = excluded.recovery_id, created_at = now()`,
    [recoveryId, sessionIds ?? null],
  );
  return rowCount ?? 0;
}

const IS_STALE = { name: 'has-stale-keys', text: 'SELECT 1 FROM stale_keys WHERE session_id = $1' };

/**
 * Whether the keys of the session must be renewed before they are used. Read only after the takeover has committed.
 */
export async function hasStaleKeys(db: Queryable, sessionId: string): Promise<boolean> {
  const { rowCount } = await db.query({ ...IS_STALE, values: [sessionId] });
  return rowCount === 1;
}

/** Sender keys are found by the end of their id, which names their device. */
const SETTLE = {
  name: 'settle-stale-keys',
  text: `WITH ${FENCE_ONE}, removed AS (
    DELETE FROM session_keys k USING fence f WHERE k.session_id = f.session_id AND (k.kind = 'sender-key-memory'
      OR (k.kind = 'sender-key' AND EXISTS (SELECT 1 FROM unnest($3::text[]) AS own(suffix) WHERE right(k.key_id, length(own.suffix)) = own.suffix)))
    RETURNING 1
  ), settled AS (
    DELETE FROM stale_keys s USING fence f WHERE s.session_id = f.session_id RETURNING 1
  )
  SELECT (SELECT count(*) FROM fence) AS fenced`,
};

/**
 * Removes the sender keys of these devices, the records of who has them, and the mark.
 *
 * @param suffixes of the ids of the sender keys
 * @throws {StaleEpochError}
 */
export async function settleStaleKeys(tx: Queryable, owner: Ownership, suffixes: readonly string[]): Promise<void> {
  const { rows } = await tx.query<{ fenced: number }>({ ...SETTLE, values: [owner.sessionId, owner.epoch, suffixes] });
  if (rows[0]?.fenced !== 1) throw new StaleEpochError([owner.sessionId]);
}
