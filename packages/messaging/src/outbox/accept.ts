import { type OutboundRequest, PAIRING_STATES, storedContextOf, storedOf } from '@wa-gate/contracts';
import type { OutboxLane, Queryable } from '@wa-gate/db';
import { isHeldBack, newChatsHeldUntil } from '../sessions/reachout.ts';
import {
  findUsedKeys,
  forgetKeysOf,
  type IdempotencyKeys,
  KEY_LIFETIME_SECONDS,
  type UsedKeys,
} from './idempotency.ts';

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

/** Columns `id, outcome, locked_until, fail_if_uncertain` of the session $2, for a message for the chat $4. */
const SESSION = `session AS (
    SELECT id, ${newChatsHeldUntil('sessions')} AS locked_until, ${failsIfUncertain('$11', 'sessions')} AS fail_if_uncertain,
      ${verdictOf('$4', 'sessions', '$10')} AS outcome
    FROM sessions WHERE id = $2
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

/** The same with keys. */
const ACCEPT_ONCE = {
  name: 'accept-message-once',
  text: `WITH ${SESSION}, keys AS (
    INSERT INTO idempotency_keys AS k (session_id, key, request_hash, message_id, expires_at)
    SELECT s.id, given.key, $17, $1, now() + given.lifetime * interval '1 s'
    FROM session s CROSS JOIN unnest($15::text[], $16::int[]) AS given(key, lifetime)
    WHERE s.outcome = 'accepted' ORDER BY given.key
    ${TAKE_KEY}
    RETURNING request_hash, message_id
  ), used AS (
    SELECT * FROM keys WHERE message_id <> $1
  ), ${messageAndOutbox(' AND NOT EXISTS (SELECT 1 FROM used)', '$18::text')}
  SELECT ${RESULT}, (SELECT json_agg(message_id) FROM used) AS "messageIds",
    (SELECT bool_and(request_hash = $17) FROM used) AS "isSameRequest" FROM session`,
};

interface AcceptRow {
  outcome: Exclude<Acceptance['outcome'], 'used' | 'unknown-session'>;
  lockedUntil: Date | null;
  lockedSeconds: number | null;
  messageIds?: string[] | null;
  isSameRequest?: boolean | null;
}

/** Under which names, for how many seconds, the keys of a request are stored. */
export const keyNames = ({ key, clientMessageId }: IdempotencyKeys): { name: string; lifetime: number }[] => [
  ...(key === undefined ? [] : [{ name: `key:${key}`, lifetime: KEY_LIFETIME_SECONDS.key }]),
  ...(clientMessageId === undefined
    ? []
    : [{ name: `client:${clientMessageId}`, lifetime: KEY_LIFETIME_SECONDS.client }]),
];

/**
 * Accepts a message, or says why not: message, outbox row and keys in one transaction, the WhatsApp id included (I8).
 * One statement, because it is the hot path of the API; only a repetition with two keys, or to a session that refuses
 * now, needs a second one. `not_before` is cut to its column's milliseconds: rounded up, the row would not be due yet
 * when the owner looks right after the doorbell. Ring it after this.
 */
export async function acceptMessage(db: Queryable, message: AcceptedMessage): Promise<Acceptance> {
  const names = message.idempotency ? keyNames(message.idempotency) : [];
  const { text, content } = storedOf(message.request);
  const context = storedContextOf(message.request.context, message.chatJid);
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
  if (!message.idempotency || names.length === 0) {
    const { rows } = await db.query<AcceptRow>({ ...ACCEPT, values: [...values, trace] });
    return readAcceptance(rows[0]);
  }

  const { requestHash } = message.idempotency;
  const keys = names.map(({ name }) => name);
  const lifetimes = names.map(({ lifetime }) => lifetime);
  const { rows } = await db.query<AcceptRow>({
    ...ACCEPT_ONCE,
    values: [...values, keys, lifetimes, requestHash, trace],
  });
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

function readAcceptance(row: AcceptRow | undefined): Acceptance {
  if (!row) return { outcome: 'unknown-session' };
  if (row.messageIds) return { outcome: 'used', messageIds: row.messageIds, isSameRequest: row.isSameRequest === true };
  if (row.outcome === 'time-locked')
    return { outcome: 'time-locked', until: row.lockedUntil!, retryAfterSeconds: row.lockedSeconds! };
  return { outcome: row.outcome };
}
