import {
  FENCE_MANY,
  fenceParameters,
  type Ownership,
  type RatchetStep,
  stepValues,
  writeSteps,
} from '@wa-gate/cluster';
import type { MessageContext, MessageTypeName } from '@wa-gate/contracts';
import type { MessageDirection, MessageState, Queryable } from '@wa-gate/db';
import { identitiesAmong, namesOf, peopleOf } from '../contacts/identity-sql.ts';
import { APPEND_TRACED_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';
import { isFetchedAtArrival } from '../media/download-settings.ts';
import { type InboundFile, pendingMedia } from '../media/whatsapp-file.ts';

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
  /** What belongs to it beside its content. */
  context?: MessageContext | undefined;
  /** The message could not be decrypted. A readable copy that arrives later fills the row in. */
  isStub?: boolean | undefined;
  /** Later changes of the message may be encrypted with it. */
  secret?: Uint8Array | undefined;
  waTimestamp: Date;
  /** `traceparent` of its arrival, while that is traced. */
  trace?: string | undefined;
  /** Its file, which is fetched afterwards. */
  file?: InboundFile | undefined;
}

/** A journal row that is done: its ciphertext is stored as a message, or contains none for the user. */
export interface Projected extends Ownership {
  hash: Buffer;
}

const DIRECTION = (fromMe: boolean): MessageDirection => (fromMe ? 'OUTBOUND' : 'INBOUND');
const STATE = (fromMe: boolean): MessageState => (fromMe ? 'SENT' : 'RECEIVED');

/** SQL: the context with our id of the quoted message, which is found in the chats; no row: it is not known here. */
export const withQuotedId = (
  session: string,
  context: string,
  chats: string,
) => `SELECT jsonb_set(${context}, '{replyTo,messageId}', to_jsonb(q.message_id)) FROM message_keys q
        WHERE q.session_id = ${session} AND q.chat_jid IN (${chats}, ${context}->'replyTo'->>'chat') AND q.from_me IN (true, false)
          AND q.wa_message_id = ${context}->'replyTo'->>'waMessageId' LIMIT 1`;

/** The parts of a batch in which a message has a file; a statement without them begins sooner. */
const FILES = `, filed AS (
    INSERT INTO media (id, workspace_id, session_id, message_id, direction, status, size, mimetype, file_name, facts, wa)
    SELECT (a.file->>'mediaId')::uuid, s.workspace_id, a.session_id, t.id, 'inbound', 'pending', (a.file->>'size')::bigint,
      a.file->>'mimetype', a.file->>'fileName', a.file->'facts', a.file->'reference'
    FROM arrived a JOIN stored t ON t.arrived_id = a.id JOIN sessions s ON s.id = a.session_id WHERE a.file IS NOT NULL
  ), fetched AS (
    INSERT INTO media_downloads (media_id, session_id)
    SELECT (a.file->>'mediaId')::uuid, a.session_id
    FROM arrived a JOIN stored t ON t.arrived_id = a.id JOIN sessions s ON s.id = a.session_id
    WHERE a.file IS NOT NULL AND ${isFetchedAtArrival('s.settings', 'a.kind', "(a.file->>'size')::bigint")}
  )`;

/** The parts of a batch whose messages bring the ratchet steps that read them. */
const STEPS = `, ${writeSteps(25, 'NOT EXISTS (SELECT 1 FROM held)')}`;

/**
 * SQL: the `data` of the event of a message. `a` is the message as it arrived, `s` its row (`id`, `wa_timestamp`),
 * `who` the people of it ({@link peopleOf}).
 */
export const TOLD_DATA = `jsonb_strip_nulls(jsonb_build_object('messageId', s.id, 'waMessageId', a.wa_message_id, 'chat', a.chat_jid,
        'chatAlt', a.chat_alt_jid, 'from', a.from_jid, 'fromMe', a.from_me, 'senderName', a.sender_name, 'type', a.kind,
        'text', a.text, 'content', a.content, 'media', a.file->'shown',
        'to', CASE WHEN a.from_me AND s.id = a.id AND NOT a.is_stub AND a.kind <> 'unknown' THEN a.chat_jid END,
        'source', CASE WHEN a.from_me THEN 'phone' END,
        'timestamp', extract(epoch FROM s.wa_timestamp)::bigint) || coalesce(a.context, '{}'))
        || ${identitiesAmong('who')}`;

/**
 * A message that arrives again conflicts with its row in `message_keys` and is not inserted; nor is one that has come
 * under another name of its chat. When it can be read now and the stored message is a stub, it fills the stub in. The
 * keys are read as they were before the statement. That is enough, because only the owner stores messages of a session,
 * one batch after the other.
 *
 * When a change waits for one of the messages, nothing of the batch is stored, and `held` says so: then the batch is
 * stored together with the change, in one transaction. `LIMIT 1` keeps this a probe of the index of what waits.
 */
const store = ({
  hasFiles,
  hasSteps,
}: {
  hasFiles: boolean;
  hasSteps: boolean;
}): string => `WITH ${FENCE_MANY}, came AS (
    SELECT i.* FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::text[],
        $11::text[], $12::text[], $13::jsonb[], $14::timestamptz[], $15::"MessageDirection"[], $16::"MessageState"[], $17::bool[],
        $18::bytea[], $22::jsonb[], $23::text[], $24::jsonb[])
      WITH ORDINALITY AS i(session_id, id, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, kind, text,
        content, wa_timestamp, direction, state, is_stub, secret, given_context, trace, file, ord)
    JOIN fence USING (session_id)
  ), held AS (
    SELECT id FROM came WHERE $21 AND NOT is_stub AND (
      SELECT true FROM message_changes w
      WHERE w.session_id = came.session_id AND w.target_wa_message_id = came.wa_message_id AND w.message_id IS NULL LIMIT 1)
  ), arrived AS (
    SELECT came.*, CASE WHEN given_context ? 'replyTo' THEN coalesce((${withQuotedId('came.session_id', 'came.given_context', 'came.chat_jid, came.chat_alt_jid')}),
      given_context) ELSE given_context END AS context
    FROM came WHERE NOT EXISTS (SELECT 1 FROM held)
  ), known AS (
    SELECT DISTINCT ON (a.id) a.id AS arrived_id, k.message_id
    FROM arrived a JOIN sessions s ON s.id = a.session_id
    CROSS JOIN LATERAL ${namesOf('s.workspace_id', 'a.chat_jid')} AS n(jid)
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
      content, state, wa_timestamp, is_stub, secret, context, sent_at)
    SELECT id, session_id, direction, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, kind, text, content, state,
      wa_timestamp, is_stub, secret, context, CASE WHEN from_me THEN wa_timestamp END
    FROM arrived JOIN keyed ON keyed.message_id = arrived.id ORDER BY ord
    RETURNING id, id AS arrived_id, wa_timestamp
  ), of_phone AS (
    INSERT INTO phone_messages (session_id, wa_message_id, message_id)
    SELECT session_id, wa_message_id, id FROM arrived JOIN keyed ON keyed.message_id = arrived.id WHERE from_me
    ON CONFLICT DO NOTHING
  ), filled AS (
    UPDATE messages m SET kind = a.kind, text = a.text, content = a.content,
      sender_name = coalesce(a.sender_name, m.sender_name),
      chat_alt_jid = CASE WHEN a.chat_jid <> m.chat_jid THEN a.chat_jid ELSE coalesce(a.chat_alt_jid, m.chat_alt_jid) END,
      from_jid = a.from_jid, secret = a.secret, context = a.context, is_stub = false
    FROM arrived a JOIN known k ON k.arrived_id = a.id
    WHERE m.id = k.message_id AND m.is_stub AND NOT a.is_stub
    RETURNING m.id, a.id AS arrived_id, m.wa_timestamp
  ), stored AS (
    SELECT * FROM inserted UNION ALL SELECT * FROM filled
  )${hasFiles ? FILES : ''}${hasSteps ? STEPS : ''}, projected AS (
    UPDATE inbound_journal j SET projected_at = now(), stanza = NULL, plaintext = NULL
    FROM fence f JOIN unnest($19::uuid[], $20::bytea[]) AS d(session_id, hash) USING (session_id)
    WHERE j.session_id = d.session_id AND j.hash = d.hash AND j.projected_at IS NULL AND NOT EXISTS (SELECT 1 FROM held)
  ), new_events AS (
    SELECT a.session_id, f.epoch, a.trace, a.ord,
      CASE WHEN a.is_stub THEN 'message.undecryptable' WHEN a.kind = 'unknown' THEN 'message.unsupported' WHEN s.id <> a.id THEN 'message.recovered'
        WHEN a.from_me THEN 'message.sent' ELSE 'message.received' END AS type,
      ${TOLD_DATA} AS data
    FROM arrived a JOIN stored s ON s.arrived_id = a.id JOIN fence f ON f.session_id = a.session_id JOIN sessions w ON w.id = a.session_id
    CROSS JOIN LATERAL ${peopleOf('w.workspace_id', 'a.chat_jid', 'a.from_jid')} AS who
  ), ${APPEND_TRACED_EVENTS}
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned,
    (SELECT coalesce(json_agg(id), '[]') FROM stored) AS stored, (SELECT coalesce(json_agg(id), '[]') FROM held) AS held,
    ${APPENDED_COLUMNS}`;

const STORE = { name: 'store-inbound', text: store({ hasFiles: false, hasSteps: false }) };
const STORE_WITH_FILES = { name: 'store-inbound-with-files', text: store({ hasFiles: true, hasSteps: false }) };
const STORE_WITH_STEPS = { name: 'store-inbound-with-steps', text: store({ hasFiles: false, hasSteps: true }) };
const STORE_WITH_BOTH = { name: 'store-inbound-with-both', text: store({ hasFiles: true, hasSteps: true }) };

export interface StoredInbound extends Appended {
  /** Ids of messages that were inserted or filled in. The others were stored before and changed nothing. */
  stored: string[];
  /**
   * Ids of messages for which changes wait, or which may be copies of others in the batch. When there are some, nothing
   * at all was stored.
   */
  held: string[];
  /** Sessions of the batch that this worker does not own any more. */
  stale: string[];
}

export interface StoreOptions {
  /**
   * `false`: stores messages that would be held, too. The caller applies the changes that wait for them in the same
   * transaction. @default true
   */
  mayHold?: boolean;
  /** The ratchet steps that read the messages, of those whose steps are not written yet. @default none */
  steps?: readonly RatchetStep[];
}

/**
 * Stores a batch of messages with their events and with the ratchet steps that read them, and marks the journal rows
 * that are done, in one statement under the fence (I2, I5). A message that is stored already emits nothing, unless it
 * was a stub and now can be read. Where something is held, no step is written.
 */
export async function storeInbound(
  db: Queryable,
  received: readonly InboundMessage[],
  projected: readonly Projected[] = [],
  { mayHold = true, steps = [] }: StoreOptions = {},
): Promise<StoredInbound> {
  const { now, later } = withoutCopies(received);
  if (later.length === 0) return storeApart(db, now, projected, { mayHold, steps });
  // Two statements are one step only in a transaction of the caller.
  if (mayHold) return { events: [], webhooks: [], stored: [], stale: [], held: later.map(({ id }) => id) };
  const first = await storeApart(db, now, [], { mayHold, steps });
  const second = await storeInbound(db, later, projected, { mayHold });
  return {
    events: [...first.events, ...second.events],
    webhooks: [...first.webhooks, ...second.webhooks],
    stored: [...first.stored, ...second.stored],
    stale: [...new Set([...first.stale, ...second.stale])],
    held: [],
  };
}

function statementFor(hasFiles: boolean, hasSteps: boolean): typeof STORE {
  if (hasSteps) return hasFiles ? STORE_WITH_BOTH : STORE_WITH_STEPS;
  return hasFiles ? STORE_WITH_FILES : STORE;
}

/** Stores messages of which no two may be the same one. */
async function storeApart(
  db: Queryable,
  messages: readonly InboundMessage[],
  projected: readonly Projected[],
  { mayHold, steps }: Required<StoreOptions>,
): Promise<StoredInbound> {
  const { sessionIds, epochs } = fenceParameters([...messages, ...projected, ...steps.map(({ owner }) => owner)]);
  const hasFiles = messages.some(({ file }) => file !== undefined);
  const column = <T>(read: (message: InboundMessage) => T) => messages.map(read);
  const { rows } = await db.query<StoredInbound & { owned: string[] }>({
    ...statementFor(hasFiles, steps.length > 0),
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
      column((m) => m.secret ?? null),
      projected.map(({ sessionId }) => sessionId),
      projected.map(({ hash }) => hash),
      mayHold,
      column((m) => (m.context ? JSON.stringify(m.context) : null)),
      column((m) => m.trace ?? null),
      column((m) => (m.file ? JSON.stringify({ ...m.file, shown: pendingMedia(m.file) }) : null)),
      ...(steps.length > 0 ? stepValues(steps) : []),
    ],
  });
  const row = rows[0]!;
  const owned = new Set(row.owned);
  return { ...readAppended(row), stored: row.stored, held: row.held, stale: sessionIds.filter((id) => !owned.has(id)) };
}

/**
 * One statement cannot fill in a row that it has inserted itself: of the copies in a batch the first that can be read
 * counts. A message with the WhatsApp id of another one in a chat of another name may be a copy under that name, which
 * only the database knows: it is for `later`, when the first one is stored.
 */
function withoutCopies(received: readonly InboundMessage[]): { now: InboundMessage[]; later: InboundMessage[] } {
  const byId = new Map<string, InboundMessage>();
  const later: InboundMessage[] = [];
  for (const message of received) {
    const id = `${message.sessionId} ${message.fromMe} ${message.waMessageId}`;
    const before = byId.get(id);
    if (!before) byId.set(id, message);
    else if (before.chatJid !== message.chatJid) later.push(message);
    else if (before.isStub && !message.isStub) byId.set(id, message);
  }
  return { now: [...byId.values()], later };
}
