import type { Queryable } from '@wa-gate/db';
import { firstIdOf } from '@wa-gate/messaging';
import { SESSIONS_AT_ONCE, type SessionSweep, sweepOn } from './session-sweep.ts';

/**
 * Deletes what is older than the tier of the account keeps it, from one session after the other. Only what is
 * counted already, for usage and for statistics: these stay as they are. A message that waits to be sent is not
 * old, whenever it was accepted. Ids grow with time (uuid version 7): each session is asked for its oldest ones by
 * its index.
 */
const SWEEP = {
  name: 'sweep-messages',
  text: `WITH counted AS (
    SELECT least((SELECT counted_before FROM message_usage_progress), (SELECT counted_before FROM message_statistics_progress)) AS before
  ), page AS (
    SELECT s.id, t.message_retention_days AS days FROM sessions s JOIN users u ON u.id = s.user_id JOIN tiers t ON t.tier = u.tier
    WHERE s.id > $1 ORDER BY s.id LIMIT ${SESSIONS_AT_ONCE}
  ), bounds AS (
    SELECT p.id AS session_id,
      ${firstIdOf('least(now() - make_interval(days => p.days), c.before)')} AS bound
    FROM page p CROSS JOIN counted c WHERE p.days IS NOT NULL
  ), old AS (
    SELECT o.id FROM bounds b CROSS JOIN LATERAL (
      SELECT m.id FROM messages m WHERE m.session_id = b.session_id AND m.id < b.bound AND m.state <> 'QUEUED' ORDER BY m.id LIMIT $2) o
    LIMIT $2
  ), deleted AS (
    DELETE FROM messages m USING old WHERE m.id = old.id RETURNING 1
  )
  SELECT (SELECT count(*) FROM deleted) AS deleted, (SELECT count(*) FROM page) AS sessions, (SELECT max(id::text) FROM page) AS last`,
};

/** Deletes messages that are too old, as {@link sweepOn} says. */
export const sweepMessages = (db: Queryable, sweep: SessionSweep, limit: number): Promise<number> =>
  sweepOn(db, SWEEP, sweep, limit);
