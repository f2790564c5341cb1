import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from './events.ts';

/** A session that WhatsApp was heard from, so many milliseconds ago. */
export interface SeenSession extends Ownership {
  agoMs: number;
}

const RECORD = {
  name: 'record-sessions-seen',
  text: `WITH ${FENCE_MANY}, seen AS (
    SELECT * FROM unnest($1::uuid[], $3::float8[]) AS a(session_id, ago_ms)
  ), before AS (
    SELECT s.id, s.reachout_locked_until <= now() AS lock_is_over
    FROM sessions s JOIN fence f ON f.session_id = s.id ORDER BY s.id FOR NO KEY UPDATE OF s
  ), updated AS (
    UPDATE sessions s SET
      last_seen_at = greatest(s.last_seen_at, now() - a.ago_ms * interval '1 millisecond'),
      reachout_locked_until = CASE WHEN b.lock_is_over THEN NULL ELSE s.reachout_locked_until END,
      reachout_lock_type = CASE WHEN b.lock_is_over THEN NULL ELSE s.reachout_lock_type END
    FROM before b JOIN seen a ON a.session_id = b.id WHERE s.id = b.id
    RETURNING s.id, b.lock_is_over
  ), new_events AS (
    SELECT f.session_id, f.epoch, 1 AS ord, 'session.restricted' AS type, $4::jsonb AS data
    FROM fence f JOIN updated u ON u.id = f.session_id WHERE u.lock_is_over
  ), ${APPEND_EVENTS}
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned, ${APPENDED_COLUMNS}`,
};

/**
 * Writes when each session was last heard from, in one fenced statement for all of a worker, and ends time-locks that are over.
 *
 * @returns what was appended, and the sessions that the caller does not own any more (I2)
 */
export async function recordSessionsSeen(
  db: Queryable,
  seen: readonly SeenSession[],
): Promise<Appended & { stale: Ownership[] }> {
  const { sessionIds, epochs } = fenceParameters(seen);
  const ago = new Map(seen.map(({ sessionId, agoMs }) => [sessionId, agoMs]));
  const { rows } = await db.query<Appended & { owned: string[] }>({
    ...RECORD,
    values: [sessionIds, epochs, sessionIds.map((id) => ago.get(id)), JSON.stringify(RESTRICTION_LIFTED)],
  });
  const row = rows[0]!;
  const owned = new Set(row.owned);
  return { ...readAppended(row), stale: seen.filter(({ sessionId }) => !owned.has(sessionId)) };
}

/** `data` of the event that tells the end of a time-lock. */
export const RESTRICTION_LIFTED = { restricted: false, type: null, until: null } as const;
