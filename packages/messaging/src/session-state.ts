import { FENCE_ONE, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { EventType } from '@wa-gate/contracts';
import type { Queryable, SessionState } from '@wa-gate/db';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from './events.ts';

/** What the owner knows about its session. Fields that are left out keep their value. */
export interface SessionUpdate {
  state: SessionState;
  /** A sentence for the user; `null` clears it. */
  reason?: string | null;
  code?: string | null;
  phoneNumber?: string;
  lid?: string;
  pushName?: string;
  /** Marks the session as paired now, if it was not. `LOGGED_OUT` ends that: sends are refused until it is paired again. */
  paired?: boolean;
}

const UPDATE = {
  name: 'update-session-state',
  text: `WITH ${FENCE_ONE}, updated AS (
    UPDATE sessions s SET state = $3::"SessionState", state_reason = $4, state_code = $5,
      phone_number = coalesce($6, s.phone_number), lid = coalesce($7, s.lid), push_name = coalesce($8, s.push_name),
      paired_at = CASE WHEN $3::"SessionState" = 'LOGGED_OUT' THEN NULL WHEN $9 THEN coalesce(s.paired_at, now())
        ELSE s.paired_at END,
      connected_at = CASE WHEN $3::"SessionState" = 'CONNECTED' THEN now() ELSE s.connected_at END,
      last_seen_at = CASE WHEN $3::"SessionState" = 'CONNECTED' OR s.state = 'CONNECTED' THEN now() ELSE s.last_seen_at END,
      updated_at = now()
    FROM fence f WHERE s.id = f.session_id
    RETURNING s.id
  ), new_events AS (
    SELECT f.session_id, f.epoch, e.ord, e.type, e.data
    FROM fence f CROSS JOIN unnest($10::text[], $11::jsonb[]) WITH ORDINALITY AS e(type, data, ord)
  ), ${APPEND_EVENTS}
  SELECT (SELECT count(*) FROM fence) AS fenced, ${APPENDED_COLUMNS}`,
};

/**
 * Writes the state of a session, with the events that tell it, under the fence (I2).
 *
 * @throws {StaleEpochError}
 */
export async function updateSessionState(
  db: Queryable,
  owner: Ownership,
  update: SessionUpdate,
  events: readonly { type: EventType; data: Record<string, unknown> }[] = [],
): Promise<Appended> {
  const { rows } = await db.query<Appended & { fenced: number }>({
    ...UPDATE,
    values: [
      owner.sessionId,
      owner.epoch,
      update.state,
      update.reason ?? null,
      update.code ?? null,
      update.phoneNumber ?? null,
      update.lid ?? null,
      update.pushName ?? null,
      update.paired ?? false,
      events.map((event) => event.type),
      events.map((event) => JSON.stringify(event.data)),
    ],
  });
  const row = rows[0]!;
  if (row.fenced !== 1) throw new StaleEpochError([owner.sessionId]);
  return readAppended(row);
}
