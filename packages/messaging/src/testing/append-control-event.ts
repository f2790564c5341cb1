import type { SessionEvent } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';

const APPEND_CONTROL_EVENT = {
  name: 'append-control-event',
  text: `WITH new_events AS (
    SELECT $1::uuid AS session_id, NULL::bigint AS epoch, 1 AS ord, $2::text AS type, $3::jsonb AS data
  ), ${APPEND_EVENTS}
  SELECT ${APPENDED_COLUMNS}`,
};

/** Appends an event without an epoch, as a process would that owns no session and therefore is not fenced. */
export async function appendControlEvent(
  tx: Queryable,
  event: { sessionId: string } & Extract<SessionEvent, { type: `session.${string}` }>,
): Promise<Appended> {
  const values = [event.sessionId, event.type, JSON.stringify(event.data)];
  const { rows } = await tx.query<Appended>({ ...APPEND_CONTROL_EVENT, values });
  return readAppended(rows[0]!);
}
