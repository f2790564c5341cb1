import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { MessageDirection, MessageState, MessageType, Queryable } from '@wa-gate/db';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from './events.ts';

/** A message that came in over WhatsApp: from somebody else, or typed on the account's own phone (`fromMe`). */
export interface InboundMessage extends Ownership {
  id: string;
  waMessageId: string;
  chatJid: string;
  chatAltJid?: string | undefined;
  /** Who wrote it: in groups the participant. */
  fromJid: string;
  fromMe: boolean;
  senderName?: string | undefined;
  type: MessageType;
  text?: string | undefined;
  content?: Record<string, unknown> | undefined;
  waTimestamp: Date;
}

const DIRECTION = (fromMe: boolean): MessageDirection => (fromMe ? 'OUTBOUND' : 'INBOUND');
const STATE = (fromMe: boolean): MessageState => (fromMe ? 'SENT' : 'RECEIVED');

const STORE = {
  name: 'store-inbound',
  text: `WITH ${FENCE_MANY}, arrived AS (
    SELECT i.* FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::text[],
        $11::"MessageType"[], $12::text[], $13::jsonb[], $14::timestamptz[], $15::"MessageDirection"[], $16::"MessageState"[])
      WITH ORDINALITY AS i(session_id, id, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, type, text,
        content, wa_timestamp, direction, state, ord)
    JOIN fence USING (session_id)
  ), stored AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, type,
      text, content, state, wa_timestamp)
    SELECT id, session_id, direction, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, type, text, content,
      state, wa_timestamp
    FROM arrived ORDER BY ord
    ON CONFLICT (session_id, chat_jid, from_me, wa_message_id) DO NOTHING
    RETURNING id
  ), new_events AS (
    SELECT a.session_id, f.epoch, a.ord, CASE WHEN a.from_me THEN 'message.sent' ELSE 'message.received' END AS type,
      jsonb_strip_nulls(jsonb_build_object('messageId', a.id, 'waMessageId', a.wa_message_id, 'chat', a.chat_jid,
        'chatAlt', a.chat_alt_jid, 'from', a.from_jid, 'fromMe', a.from_me, 'senderName', a.sender_name, 'type', lower(a.type::text),
        'text', a.text, 'content', a.content, 'timestamp', extract(epoch FROM a.wa_timestamp)::bigint)) AS data
    FROM arrived a JOIN stored USING (id) JOIN fence f ON f.session_id = a.session_id
  ), ${APPEND_EVENTS}
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned,
    (SELECT coalesce(json_agg(id), '[]') FROM stored) AS stored, ${APPENDED_COLUMNS}`,
};

export interface StoredInbound extends Appended {
  /** Ids that were new; the others had come before and changed nothing. */
  stored: string[];
  /** Sessions of the batch that this worker does not own any more. */
  stale: string[];
}

/** Stores a batch of inbound messages with their events, under the fence (I2); a message that is there already emits nothing. */
export async function storeInbound(db: Queryable, messages: readonly InboundMessage[]): Promise<StoredInbound> {
  const { sessionIds, epochs } = fenceParameters(messages);
  const column = <T>(read: (message: InboundMessage) => T) => messages.map(read);
  const { rows } = await db.query<StoredInbound & { owned: string[] }>({
    ...STORE,
    values: [
      sessionIds,
      epochs,
      column((m) => m.sessionId),
      column((m) => m.id),
      column((m) => m.waMessageId),
      column((m) => m.chatJid),
      column((m) => m.chatAltJid ?? null),
      column((m) => m.fromJid),
      column((m) => m.fromMe),
      column((m) => m.senderName ?? null),
      column((m) => m.type),
      column((m) => m.text ?? null),
      column((m) => (m.content ? JSON.stringify(m.content) : null)),
      column((m) => m.waTimestamp),
      column((m) => DIRECTION(m.fromMe)),
      column((m) => STATE(m.fromMe)),
    ],
  });
  const row = rows[0]!;
  const owned = new Set(row.owned);
  return { ...readAppended(row), stored: row.stored, stale: sessionIds.filter((id) => !owned.has(id)) };
}
