import { FENCE_ONE, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { MessageCapping, SessionEvent } from '@wa-gate/contracts';
import type { Queryable, SessionState } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';
import { noteGap } from '../history/gaps.ts';
import { QR_HISTORY } from './qr-history.ts';

/** A time-lock: WhatsApp does not let the account begin new chats for a while. */
export interface Restriction {
  /** The cause as WhatsApp names it, such as `DEFAULT` or `BIZ_QUALITY`. */
  type: string;
  until: Date;
}

/** Columns of a session that its owner writes. Omitted fields keep their value. */
export interface SessionUpdate {
  state: SessionState;
  /** A sentence for the user; `null` clears it. */
  reason?: string | null;
  code?: string | null;
  phoneNumber?: string;
  lid?: string;
  pushName?: string;
  /**
   * `true`: the linked session is connected now. The state `LOGGED_OUT` ends the link: sends are refused until it is
   * paired again, the limits of the account and its gaps are removed, and the list of its groups is to be read again:
   * the next account may be another one.
   */
  paired?: boolean;
  /** `null`: lifted. */
  restriction?: Restriction | null;
  messageCapping?: MessageCapping;
}

const UPDATE = {
  name: 'update-session-state',
  text: `WITH ${FENCE_ONE}, updated AS (
    UPDATE sessions s SET state = $3::"SessionState", state_reason = $4, state_code = $5,
      phone_number = coalesce($6, s.phone_number), lid = coalesce($7, s.lid), push_name = coalesce($8, s.push_name),
      paired_at = CASE WHEN $3::"SessionState" = 'LOGGED_OUT' THEN NULL WHEN $9 THEN coalesce(s.paired_at, now())
        ELSE s.paired_at END,
      connected_at = CASE WHEN $9 THEN now() ELSE s.connected_at END,
      last_seen_at = CASE WHEN $3::"SessionState" = 'CONNECTED' OR s.state = 'CONNECTED' THEN now() ELSE s.last_seen_at END,
      reachout_locked_until = CASE WHEN $3::"SessionState" = 'LOGGED_OUT' THEN NULL WHEN $12 THEN $13::timestamptz
        ELSE s.reachout_locked_until END,
      reachout_lock_type = CASE WHEN $3::"SessionState" = 'LOGGED_OUT' THEN NULL WHEN $12 THEN $14
        ELSE s.reachout_lock_type END,
      message_capping = CASE WHEN $3::"SessionState" = 'LOGGED_OUT' THEN NULL ELSE coalesce($15::jsonb, s.message_capping) END,
      groups_read_at = CASE WHEN $3::"SessionState" = 'LOGGED_OUT' THEN NULL ELSE s.groups_read_at END,
      updated_at = now()
    FROM fence f WHERE s.id = f.session_id
    RETURNING s.id
  ), ${noteGap('fence f JOIN sessions s ON s.id = f.session_id', `($3 = 'CONNECTED' OR s.state = 'CONNECTED') AND $3 <> 'LOGGED_OUT'`)}, no_gap AS (
    DELETE FROM history_gaps g USING fence f WHERE g.session_id = f.session_id AND $3 = 'LOGGED_OUT'
  ), no_gap_chats AS (
    DELETE FROM history_gap_chats c USING fence f WHERE c.session_id = f.session_id AND $3 = 'LOGGED_OUT'
  ), new_events AS (
    SELECT f.session_id, f.epoch, e.ord, e.type, e.data, e.id
    FROM fence f CROSS JOIN unnest($10::text[], $11::jsonb[], $16::uuid[]) WITH ORDINALITY AS e(type, data, id, ord)
  ), ${QR_HISTORY}, ${APPEND_EVENTS}
  SELECT (SELECT count(*) FROM fence) AS fenced, ${APPENDED_COLUMNS}`,
};

/**
 * Writes the state of a session and appends its events, under the fence (I2).
 *
 * @throws {StaleEpochError}
 */
export async function updateSessionState(
  db: Queryable,
  owner: Ownership,
  update: SessionUpdate,
  events: readonly SessionEvent[] = [],
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
      update.restriction !== undefined,
      update.restriction?.until ?? null,
      update.restriction?.type ?? null,
      update.messageCapping ? JSON.stringify(update.messageCapping) : null,
      events.map(() => newId()),
    ],
  });
  const row = rows[0]!;
  if (row.fenced !== 1) throw new StaleEpochError([owner.sessionId]);
  return readAppended(row);
}
