import type { Queryable } from '@wa-gate/db';
import { SESSIONS_AT_ONCE, type SessionSweep, sweepOn } from './session-sweep.ts';

/**
 * Deletes events that are older than the tier of the account keeps them; a trigger takes their deliveries. The first
 * events of a session go first, so that what is left has no gaps (I11), and the last one stays: it says where the
 * numbers are. What search and chats are not filled from yet stays too. Events have no index over their time: `seq`
 * grows with it, and each session is asked for its first ones.
 */
const SWEEP = {
  name: 'sweep-events',
  text: `WITH page AS (
    SELECT s.id, t.event_retention_days AS days FROM sessions s JOIN users u ON u.id = s.user_id JOIN tiers t ON t.tier = u.tier
    WHERE s.id > $1 ORDER BY s.id LIMIT ${SESSIONS_AT_ONCE}
  ), begun AS MATERIALIZED (
    SELECT p.id, now() - make_interval(days => p.days) AS bound, least(c.last_seq - 1, coalesce(i.seq, 0)) AS up_to
    FROM page p JOIN session_counters c ON c.session_id = p.id LEFT JOIN message_index_progress i ON i.session_id = p.id
    WHERE p.days IS NOT NULL AND (SELECT e.created_at FROM events e WHERE e.session_id = p.id ORDER BY e.seq LIMIT 1)
      < now() - make_interval(days => p.days)
  ), old AS (
    SELECT o.session_id, o.seq FROM begun b CROSS JOIN LATERAL (
      SELECT e.session_id, e.seq, e.created_at FROM events e WHERE e.session_id = b.id AND e.seq <= b.up_to ORDER BY e.seq LIMIT $2) o
    WHERE o.created_at < b.bound LIMIT $2
  ), deleted AS (
    DELETE FROM events e USING old WHERE e.session_id = old.session_id AND e.seq = old.seq RETURNING 1
  )
  SELECT (SELECT count(*) FROM deleted)::int AS deleted, (SELECT count(*) FROM page)::int AS sessions, (SELECT max(id::text) FROM page) AS last`,
};

/** Deletes events that are too old, as {@link sweepOn} says. */
export const sweepEvents = (db: Queryable, sweep: SessionSweep, limit: number): Promise<number> =>
  sweepOn(db, SWEEP, sweep, limit);
