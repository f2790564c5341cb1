const HAS_QUEUED = `EXISTS (SELECT 1 FROM outbox o WHERE o.session_id = s.id AND o.state IN ('QUEUED', 'SENDING'))`;

/** When a session last had an event. Over `s` (sessions). */
export const LATEST_TRAFFIC =
  '(SELECT e.created_at FROM events e WHERE e.session_id = s.id ORDER BY e.seq DESC LIMIT 1)';

/**
 * The order of starts and placements: paid tiers first, then sessions with queued messages, then those with the latest
 * traffic. Over `u` (users), `s` (sessions).
 */
export const BY_PRIORITY = `u.tier DESC, ${HAS_QUEUED} DESC, ${LATEST_TRAFFIC} DESC NULLS LAST, s.id`;

/** The reverse order: a move disturbs the first one least. */
export const LEAST_URGENT = `u.tier, ${HAS_QUEUED}, ${LATEST_TRAFFIC} NULLS FIRST, s.id`;
