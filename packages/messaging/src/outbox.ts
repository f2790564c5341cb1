import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import { PAIRING_STATES } from '@wa-gate/contracts';
import type { MessageType, OutboxLane, Queryable } from '@wa-gate/db';

/** What the caller wants sent, as validated by the API; the owner turns it into a protobuf. */
export interface OutboundRequest {
  type: 'text';
  text: string;
}

export interface AcceptedMessage {
  messageId: string;
  sessionId: string;
  waMessageId: string;
  /** User jid or group jid. */
  chatJid: string;
  type: MessageType;
  request: OutboundRequest;
  lane?: OutboxLane;
  metadata?: Record<string, unknown> | undefined;
}

/** What became of an accept: the refusals are facts about the session, found in the same statement. */
export type Acceptance = 'accepted' | 'unknown-session' | 'not-paired' | 'connecting' | 'logged-out';

const ACCEPT = {
  name: 'accept-message',
  text: `WITH session AS (
    SELECT id, state = 'LOGGED_OUT' AS logged_out,
      paired_at IS NOT NULL AND state <> ALL($10::"SessionState"[]) AS paired,
      state IN ('INITIALIZING', 'CONNECTING', 'PAIRING') AS linking
    FROM sessions WHERE id = $2
  ), message AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, type, text, state, metadata)
    SELECT $1, id, 'OUTBOUND', $3, $4, true, $5, $6, 'QUEUED', $7 FROM session WHERE paired AND NOT logged_out
    RETURNING id
  ), queued AS (
    INSERT INTO outbox (message_id, session_id, lane, wa_message_id, chat_jid, request, not_before)
    SELECT id, $2, $8, $3, $4, $9, date_trunc('milliseconds', now()) FROM message
  )
  SELECT CASE WHEN logged_out THEN 'logged-out' WHEN paired THEN 'accepted'
    WHEN linking THEN 'connecting' ELSE 'not-paired' END AS acceptance FROM session`,
};

/**
 * Accepts a message, or says why not: message and outbox row in one transaction, the WhatsApp id included (I8). One statement, because
 * it is the hot path of the API. `not_before` is cut to its column's milliseconds: rounded up, the row would not be due yet when the
 * owner looks right after the doorbell. Ring it after this.
 */
export async function acceptMessage(db: Queryable, message: AcceptedMessage): Promise<Acceptance> {
  const { rows } = await db.query<{ acceptance: Acceptance }>({
    ...ACCEPT,
    values: [
      message.messageId,
      message.sessionId,
      message.waMessageId,
      message.chatJid,
      message.type,
      message.request.text,
      message.metadata ? JSON.stringify(message.metadata) : null,
      message.lane ?? 'INTERACTIVE',
      JSON.stringify(message.request),
      PAIRING_STATES,
    ],
  });
  return rows[0]?.acceptance ?? 'unknown-session';
}

/** An outbox row that its owner has taken for an attempt. */
export interface OutboxItem {
  messageId: string;
  sessionId: string;
  waMessageId: string;
  chatJid: string;
  request: OutboundRequest;
  /** The protobuf bytes, when an earlier attempt has stored them. */
  payload: Buffer | null;
  attempts: number;
  lane: OutboxLane;
}

/**
 * A claim need not wait for the disk: if PostgreSQL crashes and forgets it, the row is `queued` and goes out again under the same id, which
 * is what any crash at this point leads to. The outcome's own commit makes the claim durable with it. This takes one flush
 * out of the way of every message.
 */
const CLAIM = {
  name: 'claim-outbox',
  text: `WITH ${FENCE_MANY}, relaxed AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
  ), due AS (
    SELECT d.message_id, f.epoch, d.seq FROM fence f CROSS JOIN relaxed CROSS JOIN LATERAL (
      SELECT o.message_id, o.seq FROM outbox o
      WHERE o.session_id = f.session_id AND o.not_before <= now()
        AND (o.state = 'QUEUED' OR (o.state = 'SENDING' AND o.epoch < f.epoch))
      ORDER BY o.lane, o.seq LIMIT $3
    ) d
  ), taken AS (
    UPDATE outbox o SET state = 'SENDING', epoch = due.epoch, attempts = o.attempts + 1
    FROM due WHERE o.message_id = due.message_id
    RETURNING o.message_id, o.session_id, o.wa_message_id, o.chat_jid, o.request, o.payload, o.attempts, o.lane, o.seq
  )
  SELECT message_id AS "messageId", session_id AS "sessionId", wa_message_id AS "waMessageId", chat_jid AS "chatJid", request,
    payload, attempts, lane
  FROM taken ORDER BY session_id, lane, seq`,
};

/**
 * Takes the next due rows of many sessions of one worker, `perSession` of each, in sending order: `queued` to `sending` under the epoch
 * (I2), and rows that an earlier epoch left in `sending`, which go out again under the same id. Sessions that are not owned any
 * more simply yield nothing; their actors learn it from the converge loop.
 */
export async function claimOutbox(
  db: Queryable,
  owners: Iterable<Ownership>,
  perSession: number,
): Promise<OutboxItem[]> {
  const { sessionIds, epochs } = fenceParameters(owners);
  const { rows } = await db.query<OutboxItem>({ ...CLAIM, values: [sessionIds, epochs, perSession] });
  return rows;
}

/** What waits in the outbox of one session, as its owner sees it without a claim. */
export interface OutboxState {
  sessionId: string;
  /** Whether a claim would find something. */
  due: boolean;
  /** Rows that this owner has claimed. One that it does not know of is left from a claim whose answer was lost. */
  sending: Pick<OutboxItem, 'messageId' | 'waMessageId'>[];
}

const INSPECT = {
  name: 'inspect-outbox',
  text: `SELECT o.session_id AS "sessionId",
      bool_or(o.not_before <= now() AND (o.state = 'QUEUED' OR o.epoch < p.epoch)) AS due,
      coalesce(json_agg(json_build_object('messageId', o.message_id, 'waMessageId', o.wa_message_id))
        FILTER (WHERE o.state = 'SENDING' AND o.epoch = p.epoch), '[]') AS sending
    FROM outbox o JOIN session_placements p USING (session_id)
    WHERE o.session_id = ANY($1::uuid[]) AND o.state IN ('QUEUED', 'SENDING')
    GROUP BY o.session_id`,
};

/** What waits for these sessions; those with nothing are left out. For the owner's look when no bell has rung: unlike a claim it locks nothing. */
export async function inspectOutbox(db: Queryable, sessionIds: readonly string[]): Promise<OutboxState[]> {
  const { rows } = await db.query<OutboxState>({ ...INSPECT, values: [sessionIds] });
  return rows;
}

const RETURN = {
  name: 'return-outbox',
  text: `WITH ${FENCE_MANY}
  UPDATE outbox o SET state = 'QUEUED', not_before = now() + $4 * interval '1 ms'
  FROM fence f WHERE o.session_id = f.session_id AND o.state = 'SENDING' AND o.epoch = f.epoch AND o.message_id = ANY($3::uuid[])`,
};

/** Gives taken rows back, to be tried again after `delayMs`: the connection was lost before WhatsApp acknowledged them. */
export async function returnOutbox(
  db: Queryable,
  owner: Ownership,
  messageIds: readonly string[],
  delayMs: number,
): Promise<void> {
  await db.query({ ...RETURN, values: [[owner.sessionId], [owner.epoch], messageIds, delayMs] });
}

const PAYLOAD = {
  name: 'outbox-payload',
  text: 'SELECT request, payload, message_id AS "messageId" FROM outbox WHERE session_id = $1 AND wa_message_id = $2',
};

/** The stored bytes (or the request they are made of) of a message that this session sent, to answer a retry receipt. */
export async function findOutboxPayload(
  db: Queryable,
  sessionId: string,
  waMessageId: string,
): Promise<Pick<OutboxItem, 'request' | 'payload' | 'messageId'> | null> {
  const { rows } = await db.query<Pick<OutboxItem, 'request' | 'payload' | 'messageId'>>({
    ...PAYLOAD,
    values: [sessionId, waMessageId],
  });
  return rows[0] ?? null;
}

/** Accepted messages that no owner has taken yet. */
export async function countQueuedMessages(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM outbox WHERE state = 'QUEUED' AND lane = 'INTERACTIVE'`,
  );
  return rows[0]!.count;
}
