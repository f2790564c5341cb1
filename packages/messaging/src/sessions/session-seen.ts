import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';
import { noteGap } from '../history/gaps.ts';

/** A session, and the milliseconds since its last frame from WhatsApp. */
export interface SeenSession extends Ownership {
  agoMs: number;
}

const RECORD = {
  name: 'record-sessions-seen',
  text: `WITH ${FENCE_MANY}, seen AS (
    SELECT * FROM unnest($1::uuid[], $3::float8[]) AS a(session_id, ago_ms)
  ), updated AS (
    UPDATE sessions s SET last_seen_at = greatest(s.last_seen_at, now() - a.ago_ms * interval '1 millisecond')
    FROM fence f JOIN seen a USING (session_id) WHERE s.id = f.session_id
  ), ${noteGap('fence f JOIN seen a USING (session_id) JOIN sessions s ON s.id = f.session_id', 'true')}
  SELECT coalesce(json_agg(session_id), '[]') AS owned FROM fence`,
};

/**
 * Writes the time of the last frame of each session: one fenced statement for all sessions of a worker.
 *
 * @returns the sessions that the caller does not own any more (I2); nothing was written for them
 */
export async function recordSessionsSeen(db: Queryable, seen: readonly SeenSession[]): Promise<Ownership[]> {
  const { sessionIds, epochs } = fenceParameters(seen);
  const ago = new Map(seen.map(({ sessionId, agoMs }) => [sessionId, agoMs]));
  const { rows } = await db.query<{ owned: string[] }>({
    ...RECORD,
    values: [sessionIds, epochs, sessionIds.map((id) => ago.get(id))],
  });
  const owned = new Set(rows[0]!.owned);
  return seen.filter(({ sessionId }) => !owned.has(sessionId)).map(({ sessionId, epoch }) => ({ sessionId, epoch }));
}
