import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { MessageState, Queryable } from '@wa-gate/db';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';

/**
 * The outcome of a message, from WhatsApp: the server's ack (`SENT`), a receipt, or a refusal. `UNKNOWN`: it cannot be
 * known.
 */
export interface Outcome extends Ownership {
  /** Id that WhatsApp knows the message by. */
  waMessageId: string;
  state: Extract<MessageState, 'SENT' | 'DELIVERED' | 'READ' | 'PLAYED' | 'FAILED' | 'UNKNOWN'>;
  at: Date;
  errorCode?: string;
  errorMessage?: string;
  /** When the attempt that this is the outcome of was on the wire, at the latest. */
  wireAt?: Date;
}

/**
 * One statement for many outcomes of many sessions. A message only moves forward, so repeated and late receipts change
 * nothing. A receipt that overtakes the ack yields both events, in order, each once: the events are the steps between
 * the old and the new state. WhatsApp's receipts count whole seconds: a later step is never shown before an earlier
 * one.
 */
const RECORD = {
  name: 'record-outcomes',
  text: `WITH ${FENCE_MANY}, reported AS (
    SELECT i.* FROM unnest($3::uuid[], $4::text[], $5::"MessageState"[], $6::timestamptz[], $7::text[], $8::text[],
        $9::timestamptz[])
      AS i(session_id, wa_message_id, state, at, error_code, error_message, wire_at)
    JOIN fence USING (session_id)
  ), latest AS (
    SELECT session_id, wa_message_id, max(state) AS state,
      min(at) FILTER (WHERE state >= 'SENT') AS sent_at, min(at) FILTER (WHERE state >= 'DELIVERED') AS delivered_at,
      min(at) FILTER (WHERE state >= 'READ') AS read_at,
      min(at) FILTER (WHERE state < 'SENT') AS failed_at, max(error_code) AS error_code, max(error_message) AS error_message,
      max(wire_at) AS wire_at
    FROM reported GROUP BY session_id, wa_message_id
  ), before AS (
    SELECT m.id, m.state AS old_state, m.chat_jid, m.kind, m.text, m.content,
      l.session_id, l.wa_message_id, l.state, l.failed_at, l.error_code, l.error_message, l.wire_at,
      coalesce(m.sent_at, l.sent_at) AS sent_at,
      CASE WHEN l.delivered_at IS NOT NULL THEN greatest(l.delivered_at, coalesce(m.sent_at, l.sent_at)) END AS delivered_at,
      CASE WHEN l.read_at IS NOT NULL THEN greatest(l.read_at, m.delivered_at, coalesce(m.sent_at, l.sent_at)) END AS read_at
    FROM outbox o JOIN latest l ON o.session_id = l.session_id AND o.wa_message_id = l.wa_message_id
    JOIN messages m ON m.id = o.message_id
    WHERE l.state > m.state AND (l.state <> 'UNKNOWN' OR m.state = 'QUEUED')
    ORDER BY m.id
    FOR UPDATE OF m
  ), moved AS (
    UPDATE messages m SET state = b.state,
      sent_at = b.sent_at, delivered_at = coalesce(m.delivered_at, b.delivered_at),
      read_at = coalesce(m.read_at, b.read_at), wire_at = coalesce(b.wire_at, m.wire_at),
      error_code = CASE WHEN b.state < 'SENT' THEN b.error_code END,
      error_message = CASE WHEN b.state < 'SENT' THEN b.error_message END
    FROM before b WHERE m.id = b.id
    RETURNING m.id
  ), done AS (
    UPDATE outbox o SET state = CASE WHEN b.state < 'SENT' THEN b.state::text::"OutboxState" ELSE 'SENT' END
    FROM before b WHERE o.message_id = b.id AND b.old_state < 'SENT'
  ), new_events AS (
    SELECT b.session_id, f.epoch, row_number() OVER (ORDER BY b.id, step.state) AS ord, step.type,
      jsonb_build_object('messageId', b.id, 'waMessageId', b.wa_message_id, 'to', b.chat_jid,
        'timestamp', extract(epoch FROM CASE step.type WHEN 'message.sent' THEN b.sent_at WHEN 'message.delivered' THEN b.delivered_at
          WHEN 'message.failed' THEN b.failed_at
          ELSE b.read_at END)::bigint)
        || CASE step.state WHEN 'SENT' THEN jsonb_strip_nulls(jsonb_build_object('chat', b.chat_jid, 'fromMe', true,
            'type', b.kind, 'text', b.text, 'content', b.content))
          WHEN 'FAILED' THEN jsonb_build_object('errorCode', b.error_code, 'error', b.error_message)
          WHEN 'UNKNOWN' THEN jsonb_build_object('errorCode', b.error_code, 'error', b.error_message, 'state', 'unknown')
          ELSE '{}' END AS data
    FROM before b JOIN fence f ON f.session_id = b.session_id
    CROSS JOIN (VALUES ('FAILED'::"MessageState", 'message.failed'), ('UNKNOWN', 'message.failed'), ('SENT', 'message.sent'),
      ('DELIVERED', 'message.delivered'), ('READ', 'message.read'), ('PLAYED', 'message.played')) AS step(state, type)
    WHERE step.state > b.old_state AND step.state <= b.state AND (step.state >= 'SENT' OR step.state = b.state)
  ), ${APPEND_EVENTS}
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned,
    (SELECT coalesce(json_agg(json_build_object('sessionId', session_id, 'messageId', id, 'state', state)), '[]') FROM before) AS moved,
    ${APPENDED_COLUMNS}`,
};

export interface RecordedOutcomes extends Appended {
  /** Messages that moved, with their new state. */
  moved: { sessionId: string; messageId: string; state: MessageState }[];
  /** Sessions of the batch that this worker does not own any more; nothing of theirs was written. */
  stale: string[];
}

/** Records a batch of outcomes under the fence of each session (I2). Stale sessions are returned, not thrown. */
export async function recordOutcomes(db: Queryable, outcomes: readonly Outcome[]): Promise<RecordedOutcomes> {
  const { sessionIds, epochs } = fenceParameters(outcomes);
  const column = <K extends keyof Outcome>(key: K) => outcomes.map((outcome) => outcome[key] ?? null);
  const { rows } = await db.query<RecordedOutcomes & { owned: string[] }>({
    ...RECORD,
    values: [
      sessionIds,
      epochs,
      column('sessionId'),
      column('waMessageId'),
      column('state'),
      column('at'),
      column('errorCode'),
      column('errorMessage'),
      column('wireAt'),
    ],
  });
  const row = rows[0]!;
  const owned = new Set(row.owned);
  return { ...readAppended(row), moved: row.moved, stale: sessionIds.filter((id) => !owned.has(id)) };
}
