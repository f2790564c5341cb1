import { FENCE_ONE, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { CallRejection, CallStatus } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { identityOf } from '../contacts/identity-sql.ts';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';

/** Something that has happened to a call, as its owner hears it. */
export interface CallNews {
  callId: string;
  /** The caller: `<digits>@s.whatsapp.net` or `<digits>@lid`. */
  callerJid: string;
  /** The caller, or the group. */
  chatJid: string;
  isVideo: boolean;
  /** `over`: it has stopped; what that means depends on what was before. */
  status: Exclude<CallStatus, 'missed' | 'ended'> | 'over';
  rejectedBy?: CallRejection;
  /** The answer, of a call that was rejected by itself. */
  replyMessageId?: string;
  /** When it happened. */
  at: Date;
}

/**
 * A call only goes forward: from ringing to what becomes of it, from accepted to ended. Whatever comes again, or late,
 * changes nothing and is no event. A call whose beginning was not heard is told by its end.
 */
const RECORD = {
  name: 'record-call',
  text: `WITH ${FENCE_ONE}, told AS (
    SELECT f.session_id, f.epoch, s.workspace_id, $4::text AS status FROM fence f JOIN sessions s ON s.id = f.session_id
  ), written AS (
    INSERT INTO calls AS c (session_id, call_id, caller_jid, chat_jid, is_video, status, rejected_by, reply_message_id, started_at, ended_at)
    SELECT session_id, $3, $5, $6, $7, CASE status WHEN 'over' THEN 'missed' ELSE status END, $8, $9::uuid, $10,
      CASE WHEN status <> 'ringing' THEN $10::timestamptz END
    FROM told
    ON CONFLICT (session_id, call_id) DO UPDATE SET
      status = CASE WHEN $4 <> 'over' THEN $4 WHEN c.status = 'accepted' THEN 'ended' ELSE 'missed' END,
      rejected_by = coalesce($8, c.rejected_by), reply_message_id = coalesce($9::uuid, c.reply_message_id), ended_at = $10
    WHERE $4 <> 'ringing' AND (c.status = 'ringing' OR (c.status = 'accepted' AND $4 = 'over'))
    RETURNING c.*
  ), new_events AS (
    SELECT w.session_id, t.epoch, 1 AS ord, 'call.' || CASE w.status WHEN 'ringing' THEN 'received' ELSE w.status END AS type,
      jsonb_build_object('callId', w.call_id, 'chat', w.chat_jid, 'caller', ${identityOf('t.workspace_id', 'w.caller_jid')},
        'isVideo', w.is_video, 'isGroup', w.chat_jid LIKE '%@g.us',
        'startedAt', to_char(w.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
      || CASE WHEN w.status = 'ringing' THEN '{}'::jsonb
        ELSE jsonb_build_object('endedAt', to_char(w.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) END
      || CASE WHEN w.status = 'rejected'
        THEN jsonb_build_object('rejectedBy', w.rejected_by, 'replyMessageId', w.reply_message_id) ELSE '{}'::jsonb END AS data
    FROM written w JOIN told t USING (session_id)
  ), ${APPEND_EVENTS}
  SELECT (SELECT count(*) FROM fence) AS fenced, (SELECT count(*) FROM written) AS written, ${APPENDED_COLUMNS}`,
};

/**
 * Writes what has happened to a call and its event, under the fence (I2).
 *
 * @returns `isNews`: it was not known before
 * @throws {StaleEpochError}
 */
export async function recordCall(
  db: Queryable,
  { sessionId, epoch }: Ownership,
  news: CallNews,
): Promise<{ isNews: boolean; appended: Appended }> {
  const { callId, callerJid, chatJid, isVideo, status, rejectedBy = null, replyMessageId = null, at } = news;
  const { rows } = await db.query<Appended & { fenced: number; written: number }>({
    ...RECORD,
    values: [sessionId, epoch, callId, status, callerJid, chatJid, isVideo, rejectedBy, replyMessageId, at],
  });
  const row = rows[0]!;
  if (Number(row.fenced) !== 1) throw new StaleEpochError([sessionId]);
  return { isNews: Number(row.written) > 0, appended: readAppended(row) };
}

/** Days for which calls are kept. */
const CALL_DAYS = 90;

const SWEEP = {
  name: 'sweep-calls',
  text: `DELETE FROM calls c USING (SELECT session_id, call_id FROM calls
      WHERE started_at < now() - interval '${CALL_DAYS} days' ORDER BY started_at LIMIT $1) old
    WHERE c.session_id = old.session_id AND c.call_id = old.call_id`,
};

/** Deletes calls that are too old, at most `limit`. Returns the count. */
export async function sweepCalls(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [limit] });
  return rowCount ?? 0;
}
