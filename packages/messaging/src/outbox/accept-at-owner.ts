import { FENCE_MANY, type KeyWrite, keyWriteValues, type Ownership, WRITE_KEYS_WITH_MESSAGE } from '@wa-gate/cluster';
import { PAIRING_STATES, storedContextOf, storedOf } from '@wa-gate/contracts';
import { isUniqueViolation, type Queryable } from '@wa-gate/db';
import { type AcceptedMessage, failsIfUncertain, TAKE_KEY, verdictOf } from './acceptance.ts';
import { keyNames } from './idempotency.ts';
import { isDue } from './outbox.ts';

/** A message that the owner of its session accepts itself, in the commit of the ratchet step that encrypts it. */
export interface OwnerAcceptance {
  owner: Ownership;
  message: AcceptedMessage;
  /** The protobuf bytes that go out, in this attempt and in every other (I8); `null`: the request makes them again. */
  payload: Buffer | null;
}

/** Keys of one session; with `messageId` they are written only if that message is accepted by the same statement. */
export interface ConditionalKeyWrite extends KeyWrite {
  messageId?: string | undefined;
}

export interface AcceptedAtOwner {
  /** The accepted ones, by message id. What is missing was not accepted, and nothing of it is stored. */
  accepted: Map<string, { failIfUncertain: boolean }>;
  /** Sessions that this worker does not own any more; nothing of theirs was written. */
  stale: string[];
}

/**
 * One commit for what is three on the way over the outbox: the accept, the claim, and the ratchet step. The row is
 * born in `sending` with its bytes and its first attempt, so a crash before or after the wire leaves what a crash of
 * any attempt leaves.
 *
 * Nothing is accepted while a row that is due waits in its lane or in an earlier one (order holds), nor what the
 * session refuses, nor under an idempotency key in use: the ordinary accept says why. The gateway makes the ordinary
 * accept of the same message when this worker is slow; the primary key admits one of the two. `ON CONFLICT` would log
 * a second record for each message, for what hardly ever happens.
 */
const ACCEPT_AT_OWNER = {
  name: 'accept-at-owner',
  text: `WITH ${FENCE_MANY}, offered AS (
    SELECT i.*, f.epoch, f.worker_id
    FROM unnest($19::uuid[], $20::uuid[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[],
        $26::text[], $27::text[], $28::bool[], $29::uuid[], $30::bytea[], $35::text[], $36::text[], $37::"OutboxLane"[])
      AS i(message_id, session_id, wa_message_id, chat_jid, kind, text, content, request, metadata, wish, api_key_id, payload, context, trace,
        lane)
    JOIN fence f USING (session_id)
  ), taken AS (
    SELECT i.*, ${failsIfUncertain('i.wish', 's')} AS fail_if_uncertain
    FROM offered i JOIN sessions s ON s.id = i.session_id
    WHERE ${verdictOf('i.chat_jid', 's', '$18')} = 'accepted' AND NOT EXISTS (
      SELECT 1 FROM outbox o WHERE o.session_id = i.session_id AND o.lane <= i.lane AND ${isDue('i.epoch')})
  ), keys AS (
    INSERT INTO idempotency_keys AS k (session_id, key, request_hash, message_id, expires_at)
    SELECT t.session_id, given.key, given.request_hash, t.message_id, now() + given.lifetime * interval '1 s'
    FROM taken t JOIN unnest($31::uuid[], $32::text[], $33::int[], $34::bytea[]) AS given(message_id, key, lifetime, request_hash)
      USING (message_id)
    ORDER BY t.session_id, given.key
    ${TAKE_KEY}
    RETURNING session_id, message_id
  ), message AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, text, content, state, metadata, api_key_id,
      context)
    SELECT t.message_id, t.session_id, 'OUTBOUND', t.wa_message_id, t.chat_jid, true, t.kind, t.text, t.content::jsonb, 'QUEUED',
      t.metadata::jsonb, t.api_key_id, t.context::jsonb
    FROM taken t
    WHERE NOT EXISTS (SELECT 1 FROM keys k WHERE k.session_id = t.session_id AND k.message_id <> t.message_id)
      AND (SELECT m.id FROM messages m WHERE m.id = t.message_id) IS NULL
    RETURNING id
  ), keyed AS (
    INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id)
    SELECT t.session_id, t.chat_jid, true, t.wa_message_id, t.message_id FROM taken t JOIN message ON message.id = t.message_id
  ), sending AS (
    INSERT INTO outbox (message_id, session_id, lane, state, wa_message_id, chat_jid, request, payload, not_before, fail_if_uncertain,
      epoch, attempts, trace, attempt_log)
    SELECT t.message_id, t.session_id, t.lane, 'SENDING', t.wa_message_id, t.chat_jid, t.request::jsonb, t.payload,
      date_trunc('milliseconds', now()), t.fail_if_uncertain, t.epoch, 1, t.trace,
      jsonb_build_array(jsonb_build_object('at', now(), 'epoch', t.epoch, 'worker', t.worker_id)
        || CASE WHEN t.fail_if_uncertain THEN '{"begun":true}'::jsonb ELSE '{}' END)
    FROM taken t JOIN message ON message.id = t.message_id
  ), ${WRITE_KEYS_WITH_MESSAGE}
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned,
    (SELECT coalesce(json_agg(json_build_object('messageId', t.message_id, 'failIfUncertain', t.fail_if_uncertain)), '[]')
      FROM taken t JOIN message ON message.id = t.message_id) AS accepted`,
};

type Query = typeof ACCEPT_AT_OWNER & { values: unknown[] };

interface Row {
  owned: string[];
  accepted: { messageId: string; failIfUncertain: boolean }[];
}

/** Once more when the ordinary accept of one of the messages has committed meanwhile: then its row is found. */
async function acceptUncontested(db: Queryable, query: Query, messages: number): Promise<Row> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await db.query<Row>(query)).rows[0]!;
    } catch (error) {
      if (!isUniqueViolation(error, 'messages_pkey') || attempt > messages) throw error;
    }
  }
}

/**
 * Accepts messages and writes the keys that encrypted them, with any other keys that wait, in one fenced statement (I2,
 * I4, I8). Of one session at most one message is in a batch. Not inside a transaction: a statement that meets an
 * ordinary accept fails and is made again.
 */
export async function acceptAtOwner(
  db: Queryable,
  acceptances: readonly OwnerAcceptance[],
  writes: readonly ConditionalKeyWrite[],
): Promise<AcceptedAtOwner> {
  const { sessionIds, values, upsertedBy } = keyWriteValues(writes);
  const stored = acceptances.map(({ message }) => storedOf(message.request));
  const contexts = acceptances.map(({ message: { request, chatJid } }) => storedContextOf(request, chatJid));
  const column = <T>(read: (message: AcceptedMessage) => T) => acceptances.map(({ message }) => read(message));
  const keys = acceptances.flatMap(({ message: { messageId, idempotency } }) =>
    idempotency ? keyNames(idempotency).map((name) => ({ ...name, messageId, hash: idempotency.requestHash })) : [],
  );
  const query = {
    ...ACCEPT_AT_OWNER,
    values: [
      ...values,
      upsertedBy.map(({ messageId }) => messageId ?? null),
      PAIRING_STATES,
      column(({ messageId }) => messageId),
      column(({ sessionId }) => sessionId),
      column(({ waMessageId }) => waMessageId),
      column(({ chatJid }) => chatJid),
      column(({ request }) => request.type),
      stored.map(({ text }) => text ?? null),
      stored.map(({ content }) => (content ? JSON.stringify(content) : null)),
      column(({ request }) => JSON.stringify(request)),
      column(({ metadata }) => (metadata ? JSON.stringify(metadata) : null)),
      column(({ failIfUncertain }) => failIfUncertain ?? null),
      column(({ apiKeyId }) => apiKeyId ?? null),
      acceptances.map(({ payload }) => payload),
      keys.map(({ messageId }) => messageId),
      keys.map(({ name }) => name),
      keys.map(({ lifetime }) => lifetime),
      keys.map(({ hash }) => hash),
      contexts.map((context) => (context ? JSON.stringify(context) : null)),
      column(({ trace }) => trace ?? null),
      column(({ lane }) => lane ?? 'INTERACTIVE'),
    ],
  };
  const { owned, accepted } = await acceptUncontested(db, query, acceptances.length);
  const isOwned = new Set(owned);
  return {
    accepted: new Map(accepted.map(({ messageId, failIfUncertain }) => [messageId, { failIfUncertain }])),
    stale: sessionIds.filter((id) => !isOwned.has(id)),
  };
}
