import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { MessageTypeName } from '@wa-gate/contracts';
import type { MessageDirection, MessageState, Queryable } from '@wa-gate/db';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';

/** A message that came in over WhatsApp: from somebody else, or typed on the account's own phone (`fromMe`). */
export interface InboundMessage extends Ownership {
  id: string;
  waMessageId: string;
  chatJid: string;
  chatAltJid?: string | undefined;
  /** The sender; in groups the participant. */
  fromJid: string;
  fromMe: boolean;
  senderName?: string | undefined;
  type: MessageTypeName;
  text?: string | undefined;
  content?: Record<string, unknown> | undefined;
  /** The message could not be decrypted. A readable copy that arrives later fills the row in. */
  isStub?: boolean | undefined;
  waTimestamp: Date;
}

/** A journal row that is done: its ciphertext is stored as a message, or contains none for the user. */
export interface Projected extends Ownership {
  hash: Buffer;
}

const DIRECTION = (fromMe: boolean): MessageDirection => (fromMe ? 'OUTBOUND' : 'INBOUND');
const STATE = (fromMe: boolean): MessageState => (fromMe ? 'SENT' : 'RECEIVED');

/**
 * A message that arrives again conflicts with its row in `message_keys` and is not inserted. When it can be read now
 * and the stored message is a stub, it fills the stub in. The keys are read as they were before the statement. That is
 * enough, because only the owner stores messages of a session, one batch after the other.
 */
const STORE = {
  name: 'store-inbound',
  text: `WITH ${FENCE_MANY}, arrived AS (
    SELECT i.* FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::text[],
        $11::text[], $12::text[], $13::jsonb[], $14::timestamptz[], $15::"MessageDirection"[], $16::"MessageState"[], $17::bool[])
      WITH ORDINALITY AS i(session_id, id, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, kind, text,
        content, wa_timestamp, direction, state, is_stub, ord)
    JOIN fence USING (session_id)
  ), keyed AS (
    INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id)
    SELECT session_id, chat_jid, from_me, wa_message_id, id FROM arrived
    ON CONFLICT (session_id, chat_jid, from_me, wa_message_id) DO NOTHING
    RETURNING message_id
  ), inserted AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, kind, text,
      content, state, wa_timestamp, is_stub)
    SELECT id, session_id, direction, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, kind, text, content, state,
      wa_timestamp, is_stub
    FROM arrived JOIN keyed ON keyed.message_id = arrived.id ORDER BY ord
    RETURNING id, id AS arrived_id, wa_timestamp
  ), filled AS (
    UPDATE messages m SET kind = a.kind, text = a.text, content = a.content,
      sender_name = coalesce(a.sender_name, m.sender_name), chat_alt_jid = coalesce(a.chat_alt_jid, m.chat_alt_jid),
      from_jid = a.from_jid, is_stub = false
    FROM (SELECT * FROM arrived WHERE NOT is_stub AND id NOT IN (SELECT message_id FROM keyed)) a
    JOIN message_keys k USING (session_id, chat_jid, from_me, wa_message_id)
    WHERE m.id = k.message_id AND m.is_stub
    RETURNING m.id, a.id AS arrived_id, m.wa_timestamp
  ), stored AS (
    SELECT * FROM inserted UNION ALL SELECT * FROM filled
  ), projected AS (
    UPDATE inbound_journal j SET projected_at = now(), stanza = NULL, plaintext = NULL
    FROM fence f JOIN unnest($18::uuid[], $19::bytea[]) AS d(session_id, hash) USING (session_id)
    WHERE j.session_id = d.session_id AND j.hash = d.hash AND j.projected_at IS NULL
  ), new_events AS (
    SELECT a.session_id, f.epoch, a.ord,
      CASE WHEN a.is_stub THEN 'message.undecryptable' WHEN s.id <> a.id THEN 'message.recovered'
        WHEN a.from_me THEN 'message.sent' ELSE 'message.received' END AS type,
      jsonb_strip_nulls(jsonb_build_object('messageId', s.id, 'waMessageId', a.wa_message_id, 'chat', a.chat_jid,
        'chatAlt', a.chat_alt_jid, 'from', a.from_jid, 'fromMe', a.from_me, 'senderName', a.sender_name, 'type', a.kind,
        'text', a.text, 'content', a.content,
        'to', CASE WHEN a.from_me AND s.id = a.id AND NOT a.is_stub THEN a.chat_jid END,
        'timestamp', extract(epoch FROM s.wa_timestamp)::bigint)) AS data
    FROM arrived a JOIN stored s ON s.arrived_id = a.id JOIN fence f ON f.session_id = a.session_id
  ), ${APPEND_EVENTS}
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned,
    (SELECT coalesce(json_agg(id), '[]') FROM stored) AS stored, ${APPENDED_COLUMNS}`,
};

export interface StoredInbound extends Appended {
  /** Ids of messages that were inserted or filled in. The others were stored before and changed nothing. */
  stored: string[];
  /** Sessions of the batch that this worker does not own any more. */
  stale: string[];
}

/**
 * Stores a batch of messages with their events, and marks the journal rows that are done, in one statement under the
 * fence (I2, I5). A message that is stored already emits nothing, unless it was a stub and now can be read.
 */
export async function storeInbound(
  db: Queryable,
  received: readonly InboundMessage[],
  projected: readonly Projected[] = [],
): Promise<StoredInbound> {
  const { sessionIds, epochs } = fenceParameters([...received, ...projected]);
  const messages = onceEach(received);
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
      column((m) => m.isStub ?? false),
      projected.map(({ sessionId }) => sessionId),
      projected.map(({ hash }) => hash),
    ],
  });
  const row = rows[0]!;
  const owned = new Set(row.owned);
  return { ...readAppended(row), stored: row.stored, stale: sessionIds.filter((id) => !owned.has(id)) };
}

/**
 * One statement cannot fill in a row that it has inserted itself: of the copies in a batch the first that can be read
 * counts.
 */
function onceEach(received: readonly InboundMessage[]): InboundMessage[] {
  const byKey = new Map<string, InboundMessage>();
  for (const message of received) {
    const key = `${message.sessionId} ${message.chatJid} ${message.fromMe} ${message.waMessageId}`;
    const before = byKey.get(key);
    if (!before || (before.isStub && !message.isStub)) byKey.set(key, message);
  }
  return [...byKey.values()];
}
