import type { SessionEvent } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from './append-events.ts';

/**
 * The lock on the session keeps its deletion from running between this and the commit: events have no foreign key.
 */
const APPEND_CONTROL_EVENT = {
  name: 'append-control-event',
  text: `WITH session AS (
    SELECT id FROM sessions WHERE id = $1 FOR KEY SHARE
  ), new_events AS (
    SELECT id AS session_id, NULL::bigint AS epoch, 1 AS ord, $2::text AS type, $3::jsonb AS data FROM session
  ), ${APPEND_EVENTS}
  SELECT ${APPENDED_COLUMNS}`,
};

/** Events of which the gateway is the author: what it finds out about sessions, and what it does for them. */
export type ControlEvent = Extract<
  SessionEvent,
  { type: `session.${string}` | `broadcast.${string}` | 'keyword.matched' }
>;

/**
 * Appends an event without an epoch, from a process that owns no session and therefore is not fenced. Those of one
 * session a transaction: statements of owners lock the counters of their sessions in no fixed order. Nothing is
 * appended for a session that is gone.
 */
export async function appendControlEvent(
  tx: Queryable,
  event: { sessionId: string } & ControlEvent,
): Promise<Appended> {
  const values = [event.sessionId, event.type, JSON.stringify(event.data)];
  const { rows } = await tx.query<Appended>({ ...APPEND_CONTROL_EVENT, values });
  return readAppended(rows[0]!);
}
