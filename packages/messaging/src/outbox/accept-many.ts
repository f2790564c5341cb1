import { LIMITS, type MessagePart, PAIRING_STATES, storedContextOf, storedOf } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { newChatsHeldUntil } from '../sessions/reachout.ts';
import {
  type Acceptance,
  type AcceptedMessage,
  type AcceptedPart,
  type AcceptRow,
  failsIfUncertain,
  readAcceptance,
  settleKeys,
  TAKE_KEY,
  verdictOf,
} from './acceptance.ts';
import { keyNames } from './idempotency.ts';
import { PACED_LANES } from './lanes.ts';

/** A time that is over for no longer than this is now: requests take a while. */
const PAST_SECONDS = 60;

/** Messages in one statement. */
const AT_A_TIME = 500;

/** Of row `g`: it waits for its time, or for the pacing of its session. */
const IS_HELD = `(g.lane IN (${PACED_LANES.map((lane) => `'${lane}'`).join(', ')}) OR coalesce(g.not_before > now(), false))`;

/** A broadcast has other sessions, and a caller of low priority can come again: these are refused under a time-lock. */
const WAITS_FOR_LOCK = `(g.lane = 'BULK' OR coalesce(g.not_before > now(), false))`;

/**
 * Many messages, of one session or of several, each with an outcome of its own: what one is refused for stops no
 * other. Parts are rows that share the fate of their `head`. All rows of the outbox come from one insert, so that their
 * order is that of the messages, and each message is followed by its parts.
 *
 * The sessions are locked, as by the accept of one message. Keys of a scheduled message live from its time on. A
 * message in bulk or for later is accepted under WhatsApp's time-lock as well: it waits for its end. `not_before` is
 * never before now, so that what was scheduled for a time that has just passed takes its place behind what is waiting.
 */
const ACCEPT_MANY = {
  name: 'accept-messages',
  text: `WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS g(ord int, head uuid, message_id uuid, session_id uuid, wa_message_id text, chat_jid text,
      kind text, text text, content jsonb, context jsonb, request jsonb, metadata jsonb, wish bool, api_key_id uuid, trace text,
      lane "OutboxLane", not_before timestamptz, expires_at timestamptz, schedule jsonb)
  ), locked AS MATERIALIZED (
    SELECT s.* FROM sessions s WHERE s.id IN (SELECT session_id FROM given) ORDER BY s.id FOR KEY SHARE
  ), judged AS MATERIALIZED (
    SELECT g.head, g.session_id, g.not_before, ${newChatsHeldUntil('s')} AS locked_until, ${failsIfUncertain('g.wish', 's')} AS fail_if_uncertain,
      CASE WHEN s.id IS NULL THEN 'unknown-session'
        WHEN v.verdict NOT IN ('accepted', 'time-locked') THEN v.verdict
        WHEN g.not_before < now() - interval '${PAST_SECONDS} s' THEN 'past'
        WHEN g.not_before > now() + interval '${LIMITS.scheduleDays} days' THEN 'too-far'
        WHEN g.expires_at <= now() THEN 'expired'
        WHEN ${WAITS_FOR_LOCK} THEN 'accepted' ELSE v.verdict END AS outcome
    FROM given g LEFT JOIN locked s ON s.id = g.session_id
    CROSS JOIN LATERAL (SELECT ${verdictOf('g.chat_jid', 's', '$3')} AS verdict) v
    WHERE g.message_id = g.head
  ), wanted AS (
    SELECT j.session_id, j.head, j.not_before, k.key, k.lifetime, decode(k.hash, 'base64') AS hash
    FROM jsonb_to_recordset($2::jsonb) AS k(head uuid, key text, lifetime int, hash text) JOIN judged j USING (head)
    WHERE j.outcome = 'accepted'
  ), keys AS (
    INSERT INTO idempotency_keys AS k (session_id, key, request_hash, message_id, expires_at)
    SELECT session_id, key, hash, head, greatest(now(), not_before) + lifetime * interval '1 s' FROM wanted ORDER BY session_id, key
    ${TAKE_KEY}
    RETURNING session_id, key, request_hash, message_id
  ), used AS (
    SELECT w.head, json_agg(k.message_id) AS message_ids, bool_and(k.request_hash = w.hash) AS is_same
    FROM wanted w JOIN keys k USING (session_id, key) WHERE k.message_id <> w.head GROUP BY w.head
  ), taken AS (
    SELECT g.*, j.fail_if_uncertain FROM given g JOIN judged j USING (head)
    WHERE j.outcome = 'accepted' AND NOT EXISTS (SELECT 1 FROM used u WHERE u.head = g.head)
  ), message AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, text, content, state, metadata, api_key_id,
      context)
    SELECT message_id, session_id, 'OUTBOUND', wa_message_id, chat_jid, true, kind, text, content, 'QUEUED', metadata, api_key_id, context
    FROM taken
    ON CONFLICT (id) DO NOTHING
    RETURNING id
  ), keyed AS (
    INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id)
    SELECT g.session_id, g.chat_jid, true, g.wa_message_id, m.id FROM message m JOIN taken g ON g.message_id = m.id
  ), queued AS (
    INSERT INTO outbox (message_id, session_id, lane, state, wa_message_id, chat_jid, request, not_before, expires_at, schedule,
      fail_if_uncertain, trace)
    SELECT m.id, g.session_id, g.lane, CASE WHEN ${IS_HELD} THEN 'HELD' ELSE 'QUEUED' END::"OutboxState", g.wa_message_id, g.chat_jid,
      g.request, date_trunc('milliseconds', greatest(g.not_before, now())), g.expires_at, g.schedule, g.fail_if_uncertain, g.trace
    FROM message m JOIN taken g ON g.message_id = m.id ORDER BY g.ord
  )
  SELECT j.head, j.outcome, j.locked_until AS "lockedUntil", ceil(extract(epoch FROM j.locked_until - now()))::int AS "lockedSeconds",
    u.message_ids AS "messageIds", u.is_same AS "isSameRequest"
  FROM judged j LEFT JOIN used u USING (head)`,
};

/**
 * Accepts many messages, or says of each why not: what `acceptMessage` does for one, in one transaction for up to 500
 * of them. Ring the doorbells of the sessions after this.
 *
 * @returns what becomes of each, in their order. A statement that fails is the error of all of its messages, and of
 * those that come after it
 */
export function acceptMessages(db: Queryable, messages: readonly AcceptedMessage[]): Promise<Acceptance>[] {
  const acceptances = new Map<string, Promise<Acceptance>>();
  let before: Promise<unknown> = Promise.resolve();
  for (const batch of batchesOf(messages)) {
    const judged = before.then(() => acceptBatch(db, batch));
    before = judged;
    for (const message of batch) {
      const { messageId } = message;
      acceptances.set(
        messageId,
        judged.then((rows) => settleKeys(db, message, readAcceptance(rows.get(messageId)))),
      );
    }
  }
  return messages.map(({ messageId }) => acceptances.get(messageId)!);
}

/** A statement writes no key twice: a message whose key is in a batch already comes after it, and finds it in use. */
function batchesOf(messages: readonly AcceptedMessage[]): AcceptedMessage[][] {
  if (messages.length === 0) return [];
  const batches: AcceptedMessage[][] = [[]];
  let keys = new Set<string>();
  for (const message of messages) {
    const own = message.idempotency
      ? keyNames(message.idempotency).map(({ name }) => `${message.sessionId} ${name}`)
      : [];
    if (batches.at(-1)!.length === AT_A_TIME || own.some((key) => keys.has(key))) {
      batches.push([]);
      keys = new Set();
    }
    batches.at(-1)!.push(message);
    for (const key of own) keys.add(key);
  }
  return batches;
}

/** What the statement says of each message, by its id. */
async function acceptBatch(db: Queryable, messages: readonly AcceptedMessage[]): Promise<Map<string, AcceptRow>> {
  const rows = messages.flatMap((message) => rowsOf(message)).map((row, ord) => ({ ord, ...row }));
  const keys = messages.flatMap(({ messageId, idempotency }) =>
    idempotency
      ? keyNames(idempotency).map(({ name, lifetime }) => ({
          head: messageId,
          key: name,
          lifetime,
          hash: idempotency.requestHash.toString('base64'),
        }))
      : [],
  );
  const values = [JSON.stringify(rows), JSON.stringify(keys), PAIRING_STATES];
  const { rows: judged } = await db.query<AcceptRow & { head: string }>({ ...ACCEPT_MANY, values });
  return new Map(judged.map((row) => [row.head, row]));
}

/** The message and its parts. */
function rowsOf(message: AcceptedMessage) {
  const { parts = [], request, schedule } = message;
  const shown = storedOf(request);
  const ids = parts.map(({ messageId, waMessageId }): MessagePart => ({ messageId, waMessageId }));
  const content = parts.length > 0 ? { ...shown.content, parts: ids } : shown.content;
  const row = (part: Omit<AcceptedPart, 'parts'>, stored: ReturnType<typeof storedOf>) => ({
    head: message.messageId,
    message_id: part.messageId,
    session_id: message.sessionId,
    wa_message_id: part.waMessageId,
    chat_jid: message.chatJid,
    kind: part.request.type,
    text: stored.text,
    content: stored.content,
    context: storedContextOf(part.request, message.chatJid),
    request: part.request,
    metadata: message.metadata,
    wish: message.failIfUncertain,
    api_key_id: message.apiKeyId,
    trace: message.trace,
    lane: message.lane ?? 'INTERACTIVE',
    not_before: schedule?.at,
    expires_at: message.expiresAt,
    schedule,
  });
  return [
    row(message, { ...shown, ...(content && { content }) }),
    ...parts.map((part) => row(part, storedOf(part.request))),
  ];
}
