import { FENCE_ONE, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { MessageDirection, MessageState, Queryable } from '@wa-gate/db';
import { namesOf, peopleOf } from '../contacts/identity-sql.ts';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';
import { type InboundMessage, TOLD_DATA, withQuotedId } from '../inbound/inbound.ts';
import { pendingMedia } from '../media/whatsapp-file.ts';
import { isErased } from './gaps.ts';

/** A message of the history. Its id is one of the time of the message, so that it stands among those of that time. */
export interface HistoryMessage extends Omit<InboundMessage, keyof Ownership | 'isStub' | 'trace'> {
  /** Of a message of the account: how far it has come. */
  state: Extract<MessageState, 'SENT' | 'DELIVERED' | 'READ' | 'PLAYED' | 'RECEIVED'>;
  deliveredAt?: Date | undefined;
  readAt?: Date | undefined;
}

export interface HistoryBatch extends Ownership {
  /** The part of the history that they are from. */
  chunkId: string;
  messages: readonly HistoryMessage[];
  /** Milliseconds for which the session keeps its place in the fleet. */
  slotMs: number;
}

const DIRECTION = (fromMe: boolean): MessageDirection => (fromMe ? 'OUTBOUND' : 'INBOUND');

/**
 * A message that is known by its WhatsApp id, under any name of its chat, is not stored again; one that could not be
 * decrypted is filled in. What the tier would delete again is left out, and of an answer about a gap what was erased.
 * Files are not fetched until somebody asks.
 *
 * An event tells each message that a gap of the session has lost, and each that could not be read before.
 *
 * The counters of the part move with the rows: a part that is taken in twice counts what is new.
 */
const STORE = {
  name: 'store-history',
  text: `WITH ${FENCE_ONE}, came AS (
    SELECT i.*, f.session_id, f.epoch, false AS is_stub FROM fence f CROSS JOIN unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[],
        $9::text[], $10::text[], $11::text[], $12::jsonb[], $13::timestamptz[], $14::"MessageDirection"[], $15::"MessageState"[],
        $16::bytea[], $17::jsonb[], $18::jsonb[], $19::timestamptz[], $20::timestamptz[])
      WITH ORDINALITY AS i(id, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, kind, text,
        content, wa_timestamp, direction, state, secret, given_context, file, delivered_at, read_at, ord)
  ), gap AS (
    SELECT g.since FROM fence f JOIN history_chunks c ON c.session_id = f.session_id AND c.id = $21
    JOIN history_gap_chats g ON g.session_id = c.session_id AND g.request_id = c.request_id
  ), kept AS (
    SELECT came.* FROM came JOIN sessions s ON s.id = came.session_id JOIN users u ON u.id = s.user_id JOIN tiers t ON t.tier = u.tier
    WHERE (t.message_retention_days IS NULL OR came.wa_timestamp > now() - make_interval(days => t.message_retention_days))
      AND NOT (EXISTS (SELECT 1 FROM gap) AND ${isErased('came')})
  ), arrived AS (
    SELECT kept.*, CASE WHEN given_context ? 'replyTo' THEN coalesce((${withQuotedId('kept.session_id', 'kept.given_context', 'kept.chat_jid, kept.chat_alt_jid')}),
        given_context) ELSE given_context END AS context
    FROM kept
  ), known AS (
    SELECT DISTINCT ON (a.id) a.id AS arrived_id, k.message_id
    FROM arrived a JOIN sessions s ON s.id = a.session_id
    CROSS JOIN LATERAL (SELECT a.chat_jid AS jid UNION SELECT a.chat_alt_jid UNION SELECT n.jid FROM ${namesOf('s.workspace_id', 'a.chat_jid')} AS n(jid)) AS n(jid)
    CROSS JOIN LATERAL (SELECT message_id FROM message_keys
      WHERE session_id = a.session_id AND chat_jid = n.jid AND from_me = a.from_me AND wa_message_id = a.wa_message_id LIMIT 1) k
    ORDER BY a.id, k.message_id
  ), keyed AS (
    INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id)
    SELECT session_id, chat_jid, from_me, wa_message_id, id FROM arrived WHERE id NOT IN (SELECT arrived_id FROM known)
    ON CONFLICT (session_id, chat_jid, from_me, wa_message_id) DO NOTHING
    RETURNING message_id
  ), inserted AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, kind, text,
      content, state, wa_timestamp, secret, context, sent_at, delivered_at, read_at, created_at, is_history)
    SELECT id, session_id, direction, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, kind, text, content, state,
      wa_timestamp, secret, context, CASE WHEN from_me THEN wa_timestamp END, delivered_at, read_at, wa_timestamp, true
    FROM arrived JOIN keyed ON keyed.message_id = arrived.id
    RETURNING id, id AS arrived_id, wa_timestamp
  ), of_phone AS (
    INSERT INTO phone_messages (session_id, wa_message_id, message_id)
    SELECT session_id, wa_message_id, id FROM arrived JOIN keyed ON keyed.message_id = arrived.id WHERE from_me
    ON CONFLICT DO NOTHING
  ), filled AS (
    UPDATE messages m SET kind = a.kind, text = a.text, content = a.content, sender_name = coalesce(a.sender_name, m.sender_name),
      from_jid = a.from_jid, secret = a.secret, context = a.context, is_stub = false
    FROM arrived a JOIN known k ON k.arrived_id = a.id
    WHERE m.id = k.message_id AND m.is_stub
    RETURNING m.id, a.id AS arrived_id, m.wa_timestamp
  ), filed AS (
    INSERT INTO media (id, workspace_id, session_id, message_id, direction, status, size, mimetype, file_name, facts, wa)
    SELECT (a.file->>'mediaId')::uuid, s.workspace_id, a.session_id, t.id, 'inbound', 'pending', (a.file->>'size')::bigint,
      a.file->>'mimetype', a.file->>'fileName', a.file->'facts', a.file->'reference'
    FROM arrived a JOIN (SELECT id, arrived_id FROM inserted UNION ALL SELECT id, arrived_id FROM filled) t ON t.arrived_id = a.id
      JOIN sessions s ON s.id = a.session_id WHERE a.file IS NOT NULL
  ), unsearched AS (
    INSERT INTO message_index_waiting (session_id, message_id) SELECT $1::uuid, id FROM inserted ON CONFLICT DO NOTHING
  ), summed AS (
    UPDATE history_chunks c SET stored = c.stored + (SELECT count(*) FROM inserted) + (SELECT count(*) FROM filled)
    FROM fence f WHERE c.id = $21 AND c.session_id = f.session_id
  ), renewed AS (
    UPDATE history_syncs h SET working_until = now() + $22 * interval '1 millisecond' FROM fence f WHERE h.session_id = f.session_id
  ), late AS (
    SELECT id, arrived_id, wa_timestamp, false AS is_missed FROM filled
    UNION ALL SELECT i.id, i.arrived_id, i.wa_timestamp, true FROM inserted i JOIN gap ON i.wa_timestamp >= gap.since
  ), new_events AS (
    SELECT a.session_id, a.epoch, a.ord, CASE WHEN a.kind = 'unknown' THEN 'message.unsupported' WHEN s.is_missed AND a.from_me THEN 'message.sent'
      ELSE 'message.recovered' END AS type, ${TOLD_DATA} AS data
    FROM arrived a JOIN late s ON s.arrived_id = a.id JOIN sessions w ON w.id = a.session_id
    CROSS JOIN LATERAL ${peopleOf('w.workspace_id', 'a.chat_jid', 'a.from_jid')} AS who
  ), ${APPEND_EVENTS}
  SELECT (SELECT count(*) FROM fence)::int AS owned,
    (SELECT coalesce(json_agg(id), '[]') FROM (SELECT id FROM inserted UNION ALL SELECT id FROM filled) s) AS stored, ${APPENDED_COLUMNS}`,
};

/**
 * Stores messages of the history, in one statement under the fence (I2).
 *
 * @returns the ids of those that are new, and the events of those that were missed or could not be read before
 * @throws {StaleEpochError}
 */
export async function storeHistory(
  db: Queryable,
  { sessionId, epoch, chunkId, messages, slotMs }: HistoryBatch,
): Promise<Appended & { stored: string[] }> {
  const column = <T>(read: (message: HistoryMessage) => T) => messages.map(read);
  const { rows } = await db.query<Appended & { owned: number; stored: string[] }>({
    ...STORE,
    values: [
      sessionId,
      epoch,
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
      column((m) => m.state),
      column((m) => m.secret ?? null),
      column((m) => (m.context ? JSON.stringify(m.context) : null)),
      column((m) => (m.file ? JSON.stringify({ ...m.file, shown: pendingMedia(m.file) }) : null)),
      column((m) => m.deliveredAt ?? null),
      column((m) => m.readAt ?? null),
      chunkId,
      slotMs,
    ],
  });
  const row = rows[0]!;
  if (row.owned === 0) throw new StaleEpochError([sessionId]);
  return { ...readAppended(row), stored: row.stored };
}
