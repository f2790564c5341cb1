import { type MessagePart, type OutboundRequest, PAIRING_STATES, storedContextOf, storedOf } from '@wa-gate/contracts';
import type { OutboxLane, Queryable } from '@wa-gate/db';
import { isHeldBack, newChatsHeldUntil } from '../sessions/reachout.ts';
import { findUsedKeys, forgetKeysOf, type IdempotencyKeys, keyNames, type UsedKeys } from './idempotency.ts';

export interface AcceptedMessage {
  messageId: string;
  sessionId: string;
  waMessageId: string;
  /** User jid or group jid. */
  chatJid: string;
  /** What the caller wants sent, as validated by the API; the owner turns it into a protobuf. */
  request: OutboundRequest;
  lane?: OutboxLane;
  metadata?: Record<string, unknown> | undefined;
  /**
   * The caller wants `unknown` instead of a second attempt when the fate of the first one cannot be known.
   *
   * @default what the settings of the session say, else false
   */
  failIfUncertain?: boolean | undefined;
  /** The key that the caller showed: usage is counted by it. */
  apiKeyId?: string | undefined;
  /** `traceparent` of the request that it came with, while it is traced. */
  trace?: string | undefined;
  /** Under which names this request may come again without being a new message. */
  idempotency?: IdempotencyKeys | undefined;
  /** Messages that are accepted with it, and follow it in its chat. Only the message itself has keys. */
  parts?: readonly AcceptedPart[] | undefined;
}

export interface AcceptedPart extends MessagePart {
  request: OutboundRequest;
}

/**
 * What became of an accept. The refusals are facts about the session, found in the same statement; they store nothing.
 */
export type Acceptance =
  | { outcome: 'accepted' }
  | ({ outcome: 'used' } & UsedKeys)
  | { outcome: 'time-locked'; until: Date; retryAfterSeconds: number }
  | { outcome: 'unknown-session' | 'not-paired' | 'connecting' | 'logged-out' };

/**
 * SQL: what the session says to a message for the chat, as `Acceptance['outcome']`. The clock is PostgreSQL's (I12).
 *
 * @param chat SQL of the chat's jid
 * @param session alias of a `sessions` row
 * @param pairingStates the parameter that holds the states in which an account is being linked
 */
export const verdictOf = (chat: string, session: string, pairingStates: string): string => `CASE
      WHEN ${session}.state = 'LOGGED_OUT' THEN 'logged-out'
      WHEN ${session}.paired_at IS NULL OR ${session}.state = ANY(${pairingStates}::"SessionState"[])
        THEN CASE WHEN ${session}.state IN ('INITIALIZING', 'CONNECTING', 'PAIRING') THEN 'connecting' ELSE 'not-paired' END
      WHEN ${isHeldBack(chat, session)} THEN 'time-locked'
      ELSE 'accepted' END`;

/** SQL: whether an attempt whose fate cannot be known is the last one; the request's word comes before the setting. */
export const failsIfUncertain = (wish: string, session: string): string =>
  `coalesce(${wish}::bool, ${session}.settings->>'onUncertain' = 'fail', false)`;

/**
 * Columns `id, outcome, locked_until, fail_if_uncertain` of the session $2, for a message for the chat $4. The lock
 * keeps the session from being deleted before the commit: a deletion that was first leaves no row here, and one that
 * comes later counts the message and erases it (I8). It takes the place of two foreign keys and costs less than these.
 */
const SESSION = `session AS (
    SELECT id, ${newChatsHeldUntil('sessions')} AS locked_until, ${failsIfUncertain('$11', 'sessions')} AS fail_if_uncertain,
      ${verdictOf('$4', 'sessions', '$10')} AS outcome
    FROM sessions WHERE id = $2 FOR KEY SHARE
  )`;

/**
 * The owner may have accepted the message already, when it was offered to it: then the row stays as it is.
 *
 * @param unless SQL of a condition under which nothing is accepted
 * @param trace the parameter of the trace
 */
const messageAndOutbox = (unless: string, trace: string): string => `message AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, text, content, state, metadata, api_key_id,
      context)
    SELECT $1, id, 'OUTBOUND', $3, $4, true, $5, $6, $13, 'QUEUED', $7, $12, $14 FROM session WHERE outcome = 'accepted'${unless}
    ON CONFLICT (id) DO NOTHING
    RETURNING id
  ), keyed AS (
    INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id) SELECT $2, $4, true, $3, id FROM message
  ), queued AS (
    INSERT INTO outbox (message_id, session_id, lane, wa_message_id, chat_jid, request, not_before, fail_if_uncertain, trace)
    SELECT message.id, $2, $8, $3, $4, $9, date_trunc('milliseconds', now()), session.fail_if_uncertain, ${trace}
    FROM message CROSS JOIN session
  )`;

const RESULT = `outcome, locked_until AS "lockedUntil", ceil(extract(epoch FROM locked_until - now()))::int AS "lockedSeconds"`;

const ACCEPT = {
  name: 'accept-message',
  text: `WITH ${SESSION}, ${messageAndOutbox('', '$15::text')} SELECT ${RESULT} FROM session`,
};

/**
 * What follows an insert of idempotency keys `k`. A key that is in use keeps what it names, also when its first use
 * commits only now: the conflict waits for it. One that has expired is taken over. `DO UPDATE` in all cases, because
 * only so the row of the other one is returned.
 */
export const TAKE_KEY = `ON CONFLICT (session_id, key) DO UPDATE SET
      request_hash = CASE WHEN k.expires_at <= now() THEN excluded.request_hash ELSE k.request_hash END,
      message_id = CASE WHEN k.expires_at <= now() THEN excluded.message_id ELSE k.message_id END,
      expires_at = CASE WHEN k.expires_at <= now() THEN excluded.expires_at ELSE k.expires_at END`;

/** The keys of a request, and `used`: those that stand for another message already. */
const KEYS = `keys AS (
    INSERT INTO idempotency_keys AS k (session_id, key, request_hash, message_id, expires_at)
    SELECT s.id, given.key, $17, $1, now() + given.lifetime * interval '1 s'
    FROM session s CROSS JOIN unnest($15::text[], $16::int[]) AS given(key, lifetime)
    WHERE s.outcome = 'accepted' ORDER BY given.key
    ${TAKE_KEY}
    RETURNING request_hash, message_id
  ), used AS (
    SELECT * FROM keys WHERE message_id <> $1
  )`;

const RESULT_ONCE = `${RESULT}, (SELECT json_agg(message_id) FROM used) AS "messageIds",
    (SELECT bool_and(request_hash = $17) FROM used) AS "isSameRequest"`;

/** The same with keys. */
const ACCEPT_ONCE = {
  name: 'accept-message-once',
  text: `WITH ${SESSION}, ${KEYS}, ${messageAndOutbox(' AND NOT EXISTS (SELECT 1 FROM used)', '$18::text')}
  SELECT ${RESULT_ONCE} FROM session`,
};

/**
 * The same for a message with parts, with or without keys. All rows of the outbox come from one insert, so that their
 * order is that of the parts.
 */
const ACCEPT_TOGETHER = {
  name: 'accept-messages-together',
  text: `WITH ${SESSION}, ${KEYS}, given AS (
    SELECT $1::uuid AS message_id, $3::text AS wa_message_id, $5::text AS kind, $6::text AS text, $13::jsonb AS content,
      $14::jsonb AS context, $9::jsonb AS request, 0 AS ord
    UNION ALL
    SELECT p.message_id, p.wa_message_id, p.kind, p.text, p.content, p.context, p.request, p.ord
    FROM jsonb_to_recordset($19::jsonb) AS p(message_id uuid, wa_message_id text, kind text, text text, content jsonb,
      context jsonb, request jsonb, ord int)
  ), message AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, text, content, state, metadata, api_key_id,
      context)
    SELECT g.message_id, s.id, 'OUTBOUND', g.wa_message_id, $4, true, g.kind, g.text, g.content, 'QUEUED', $7, $12, g.context
    FROM session s CROSS JOIN given g WHERE s.outcome = 'accepted' AND NOT EXISTS (SELECT 1 FROM used)
    RETURNING id
  ), keyed AS (
    INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id)
    SELECT $2, $4, true, g.wa_message_id, m.id FROM message m JOIN given g ON g.message_id = m.id
  ), queued AS (
    INSERT INTO outbox (message_id, session_id, lane, wa_message_id, chat_jid, request, not_before, fail_if_uncertain, trace)
    SELECT m.id, $2, $8, g.wa_message_id, $4, g.request, date_trunc('milliseconds', now()), s.fail_if_uncertain, $18
    FROM message m JOIN given g ON g.message_id = m.id CROSS JOIN session s ORDER BY g.ord
  )
  SELECT ${RESULT_ONCE} FROM session`,
};

interface AcceptRow {
  outcome: Exclude<Acceptance['outcome'], 'used' | 'unknown-session'>;
  lockedUntil: Date | null;
  lockedSeconds: number | null;
  messageIds?: string[] | null;
  isSameRequest?: boolean | null;
}

/**
 * Accepts a message, or says why not: message, outbox row and keys in one transaction, the WhatsApp id included (I8).
 * One statement, because it is the hot path of the API; only a repetition with two keys, or to a session that refuses
 * now, needs a second one. `not_before` is cut to its column's milliseconds: rounded up, the row would not be due yet
 * when the owner looks right after the doorbell. Ring it after this.
 */
export async function acceptMessage(db: Queryable, message: AcceptedMessage): Promise<Acceptance> {
  const names = message.idempotency ? keyNames(message.idempotency) : [];
  const { text, content } = shownOf(message);
  const context = storedContextOf(message.request, message.chatJid);
  const trace = message.trace ?? null;
  const values = [
    message.messageId,
    message.sessionId,
    message.waMessageId,
    message.chatJid,
    message.request.type,
    text ?? null,
    message.metadata ? JSON.stringify(message.metadata) : null,
    message.lane ?? 'INTERACTIVE',
    JSON.stringify(message.request),
    PAIRING_STATES,
    message.failIfUncertain ?? null,
    message.apiKeyId ?? null,
    content ? JSON.stringify(content) : null,
    context ? JSON.stringify(context) : null,
  ];
  const parts = message.parts ?? [];
  if (parts.length === 0 && names.length === 0) {
    const { rows } = await db.query<AcceptRow>({ ...ACCEPT, values: [...values, trace] });
    return readAcceptance(rows[0]);
  }

  const requestHash = message.idempotency?.requestHash ?? NO_HASH;
  const keys = names.map(({ name }) => name);
  const lifetimes = names.map(({ lifetime }) => lifetime);
  const all = [...values, keys, lifetimes, requestHash, trace];
  const { rows } = await db.query<AcceptRow>(
    parts.length === 0
      ? { ...ACCEPT_ONCE, values: all }
      : {
          ...ACCEPT_TOGETHER,
          values: [...all, JSON.stringify(parts.map((part, index) => rowOf(message, part, index)))],
        },
  );
  const acceptance = readAcceptance(rows[0]);
  if (acceptance.outcome === 'accepted') return acceptance;
  if (acceptance.outcome === 'used') {
    // A new key beside the used one was stored for a message that there is not, and would be worth nothing for a day.
    if (names.length > 1) await forgetKeysOf(db, message.sessionId, message.messageId);
    return acceptance;
  }
  // What was accepted before counts more than what the session says now.
  const used = await findUsedKeys(db, { sessionId: message.sessionId, keys, requestHash });
  return used ? { outcome: 'used', ...used } : acceptance;
}

/** No key has it. */
const NO_HASH = Buffer.alloc(0);

/** What lists show of a message: of one with parts also their ids. */
function shownOf({ request, parts = [] }: AcceptedMessage): ReturnType<typeof storedOf> {
  const stored = storedOf(request);
  if (parts.length === 0) return stored;
  const ids = parts.map(({ messageId, waMessageId }): MessagePart => ({ messageId, waMessageId }));
  return { ...stored, content: { ...stored.content, parts: ids } };
}

/** A part as a member of the parameter of {@link ACCEPT_TOGETHER}. */
function rowOf({ chatJid }: AcceptedMessage, { messageId, waMessageId, request }: AcceptedPart, index: number) {
  const { text, content } = storedOf(request);
  const context = storedContextOf(request, chatJid);
  return {
    message_id: messageId,
    wa_message_id: waMessageId,
    kind: request.type,
    text,
    content,
    context,
    request,
    ord: index + 1,
  };
}

function readAcceptance(row: AcceptRow | undefined): Acceptance {
  if (!row) return { outcome: 'unknown-session' };
  if (row.messageIds) return { outcome: 'used', messageIds: row.messageIds, isSameRequest: row.isSameRequest === true };
  if (row.outcome === 'time-locked')
    return { outcome: 'time-locked', until: row.lockedUntil!, retryAfterSeconds: row.lockedSeconds! };
  return { outcome: row.outcome };
}
