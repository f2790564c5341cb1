import { PAIRING_STATES, storedContextOf, storedOf } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { newChatsHeldUntil } from '../sessions/reachout.ts';
import { acceptMessages } from './accept-many.ts';
import {
  type Acceptance,
  type AcceptedMessage,
  type AcceptRow,
  failsIfUncertain,
  readAcceptance,
  settleKeys,
  TAKE_KEY,
  verdictOf,
} from './acceptance.ts';
import { keyNames } from './idempotency.ts';
import { isPaced } from './lanes.ts';

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
 * Accepts a message, or says why not: message, outbox row and keys in one transaction, the WhatsApp id included (I8).
 * One statement, because it is the hot path of the API; only a repetition with two keys, or to a session that refuses
 * now, needs a second one. `not_before` is cut to its column's milliseconds: rounded up, the row would not be due yet
 * when the owner looks right after the doorbell. Ring it after this.
 */
export async function acceptMessage(db: Queryable, message: AcceptedMessage): Promise<Acceptance> {
  if (!isPlain(message)) return await acceptMessages(db, [message])[0]!;
  const names = message.idempotency ? keyNames(message.idempotency) : [];
  const { text, content } = storedOf(message.request);
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
  if (names.length === 0) {
    const { rows } = await db.query<AcceptRow>({ ...ACCEPT, values: [...values, trace] });
    return readAcceptance(rows[0]);
  }

  const keys = names.map(({ name }) => name);
  const lifetimes = names.map(({ lifetime }) => lifetime);
  const requestHash = message.idempotency!.requestHash;
  const { rows } = await db.query<AcceptRow>({
    ...ACCEPT_ONCE,
    values: [...values, keys, lifetimes, requestHash, trace],
  });
  return await settleKeys(db, message, readAcceptance(rows[0]));
}

/** One message that goes into the queue at once. */
const isPlain = ({ lane = 'INTERACTIVE', schedule, expiresAt, parts = [] }: AcceptedMessage): boolean =>
  !isPaced(lane) && !schedule && expiresAt === undefined && parts.length === 0;
