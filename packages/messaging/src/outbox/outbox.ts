import { FENCE_MANY, FENCE_ONE, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { ChangeRequest, OutboundRequest } from '@wa-gate/contracts';
import type { OutboxLane, Queryable } from '@wa-gate/db';
import { isHeldBack } from '../sessions/reachout.ts';

/** What an outbox row asks for: a message, or a change of one. */
export type OutboxRequest = OutboundRequest | ChangeRequest;

/** An outbox row that its owner has taken for an attempt. */
export interface OutboxItem {
  /** Of the message, or of the change. */
  messageId: string;
  /** The message that this changes; `null`: it is a message itself. */
  changeOf: string | null;
  sessionId: string;
  waMessageId: string;
  chatJid: string;
  request: OutboxRequest;
  /** The protobuf bytes, when an earlier attempt has stored them. */
  payload: Buffer | null;
  attempts: number;
  lane: OutboxLane;
  /** An attempt whose fate cannot be known is the last one. */
  failIfUncertain: boolean;
  /** `traceparent` of what it was accepted with; `null`: that was not traced. */
  trace: string | null;
}

/** Attempts that a row remembers: the first, and the latest. */
const REMEMBERED_ATTEMPTS = 50;

/**
 * Of row `o`: an earlier owner has begun to send it, how far it came is unknown, and its caller wants no second attempt
 * then.
 */
const isUncertain = (epoch: string): string =>
  `(o.state = 'SENDING' AND o.epoch < ${epoch} AND o.fail_if_uncertain AND o.attempt_log->-1 ? 'begun')`;

/**
 * What a claim may take, of row `o` and session `s` for an owner of `epoch`. What has expired before its first attempt
 * is left to those who end it. A row that an older epoch left in `sending` goes out again under the same id, unless it
 * is uncertain: see {@link OutboxState.uncertain}.
 */
export const isDue = (
  epoch: string,
): string => `o.not_before <= now() AND (o.expires_at IS NULL OR o.expires_at > now() OR o.attempts > 0)
    AND (o.state = 'QUEUED' OR (o.state = 'SENDING' AND o.epoch < ${epoch} AND NOT ${isUncertain(epoch)}))
    AND NOT ${isHeldBack('o.chat_jid', 's')}`;

/**
 * A claim need not wait for the disk. If PostgreSQL crashes and loses it, the row is `queued` and goes out again under
 * the same id, which is the result of any crash at this point. The outcome's own commit makes the claim durable with
 * it. This takes one flush out of the way of every message.
 *
 * The update checks the state again: a receipt that comes with WhatsApp's backlog may be settling a row of the former
 * owner at this moment. The update waits for it and would overwrite its `sent`. A delivered row in `sending` would be
 * sent again and again, because no ack moves it any more.
 */
const CLAIM = {
  name: 'claim-outbox',
  text: `WITH ${FENCE_MANY}, relaxed AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
  ), due AS (
    SELECT d.message_id, f.epoch, f.worker_id FROM fence f JOIN sessions s ON s.id = f.session_id
    CROSS JOIN relaxed CROSS JOIN LATERAL (
      SELECT o.message_id FROM outbox o
      WHERE o.session_id = f.session_id AND ${isDue('f.epoch')}
      ORDER BY o.lane, o.seq LIMIT $3
    ) d
  ), taken AS (
    UPDATE outbox o SET state = 'SENDING', epoch = due.epoch, attempts = o.attempts + 1,
      attempt_log = CASE WHEN o.attempts < ${REMEMBERED_ATTEMPTS} THEN o.attempt_log ELSE o.attempt_log - 1 END
        || jsonb_build_object('at', now(), 'epoch', due.epoch, 'worker', due.worker_id)
    FROM due WHERE o.message_id = due.message_id AND (o.state = 'QUEUED' OR (o.state = 'SENDING' AND o.epoch < due.epoch))
    RETURNING o.message_id, o.session_id, o.wa_message_id, o.chat_jid, o.request, o.payload, o.attempts, o.lane, o.seq,
      o.fail_if_uncertain, o.trace, o.change_of
  )
  SELECT message_id AS "messageId", session_id AS "sessionId", wa_message_id AS "waMessageId", chat_jid AS "chatJid", request,
    payload, attempts, lane, fail_if_uncertain AS "failIfUncertain", trace, change_of AS "changeOf"
  FROM taken ORDER BY session_id, lane, seq`,
};

/**
 * Takes the next due rows of many sessions of one worker, `perSession` of each, in sending order: `queued` to `sending`
 * under the epoch (I2), and rows that an earlier epoch left in `sending`, which go out again under the same id.
 * Sessions that are not owned any more yield no rows; their actors learn of it in the converge loop.
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
  /**
   * WhatsApp's ids of rows that an earlier owner has begun to send and that must not go out again: they are `unknown`
   * now.
   */
  uncertain: string[];
}

const INSPECT = {
  name: 'inspect-outbox',
  text: `SELECT o.session_id AS "sessionId",
      bool_or(${isDue('p.epoch')}) AS due,
      coalesce(json_agg(json_build_object('messageId', o.message_id, 'waMessageId', o.wa_message_id))
        FILTER (WHERE o.state = 'SENDING' AND o.epoch = p.epoch), '[]') AS sending,
      coalesce(json_agg(o.wa_message_id) FILTER (WHERE ${isUncertain('p.epoch')}), '[]') AS uncertain
    FROM outbox o JOIN session_placements p USING (session_id) JOIN sessions s ON s.id = o.session_id
    WHERE o.session_id = ANY($1::uuid[]) AND o.state IN ('QUEUED', 'SENDING')
    GROUP BY o.session_id`,
};

/**
 * The waiting rows of these sessions; sessions without any are left out. The owner inspects when no doorbell has come:
 * unlike a claim it locks nothing.
 */
export async function inspectOutbox(db: Queryable, sessionIds: readonly string[]): Promise<OutboxState[]> {
  const { rows } = await db.query<OutboxState>({ ...INSPECT, values: [sessionIds] });
  return rows;
}

/**
 * `not_before` is cut to milliseconds: rounded up, a younger row would be due for a moment when this one is not. A
 * claim without an attempt is taken out of the count: a message that waits behind a failing one has not failed.
 */
const RETURN = {
  name: 'return-outbox',
  text: `WITH ${FENCE_MANY}, given AS (
    SELECT * FROM unnest($3::uuid[], $4::bool[]) AS g(message_id, attempted)
  )
  UPDATE outbox o SET state = 'QUEUED', not_before = date_trunc('milliseconds', now()),
    attempts = CASE WHEN g.attempted THEN o.attempts ELSE o.attempts - 1 END,
    attempt_log = CASE WHEN g.attempted THEN o.attempt_log ELSE o.attempt_log - -1 END
  FROM fence f CROSS JOIN given g
  WHERE o.message_id = g.message_id AND o.session_id = f.session_id AND o.state = 'SENDING' AND o.epoch = f.epoch`,
};

/** A taken row that goes back, and whether an attempt was made of it. */
export interface ReturnedRow {
  messageId: string;
  attempted: boolean;
}

/**
 * Gives taken rows back, to be tried again in their old place: the connection was lost before WhatsApp acknowledged
 * them.
 */
export async function returnOutbox(db: Queryable, owner: Ownership, rows: readonly ReturnedRow[]): Promise<void> {
  const ids = rows.map(({ messageId }) => messageId);
  await db.query({
    ...RETURN,
    values: [[owner.sessionId], [owner.epoch], ids, rows.map(({ attempted }) => attempted)],
  });
}

/** Need not wait for the disk: the commit of the ratchet step, which comes before anything leaves, takes it along. */
const BEGIN = {
  name: 'begin-attempt',
  text: `WITH ${FENCE_ONE}, relaxed AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
  )
  UPDATE outbox o SET attempt_log = jsonb_set(o.attempt_log, '{-1,begun}', 'true')
  FROM fence f CROSS JOIN relaxed
  WHERE o.message_id = $3 AND o.session_id = f.session_id AND o.state = 'SENDING' AND o.epoch = f.epoch`,
};

/**
 * Stores that a claimed row is being sent now. Only for rows with `failIfUncertain`: after a crash it distinguishes the
 * row that may have left from those that were only claimed with it.
 *
 * @returns `false`: the row is not this owner's to send any more
 */
export async function beginAttempt(db: Queryable, owner: Ownership, messageId: string): Promise<boolean> {
  const { rowCount } = await db.query({ ...BEGIN, values: [owner.sessionId, owner.epoch, messageId] });
  return rowCount === 1;
}

/** Like the begin of an attempt: the commit of the ratchet step takes it to the disk before anything leaves. */
const STORE_PAYLOAD = {
  name: 'store-payload',
  text: `WITH ${FENCE_ONE}, relaxed AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
  )
  UPDATE outbox o SET payload = coalesce(o.payload, $4)
  FROM fence f CROSS JOIN relaxed
  WHERE o.message_id = $3 AND o.session_id = f.session_id AND o.state = 'SENDING' AND o.epoch = f.epoch
  RETURNING o.payload`,
};

/**
 * Stores the protobuf bytes of a claimed row before they are sent. Only for bytes that do not follow from the request:
 * otherwise every attempt makes the same bytes, and the outcome stores them. Bytes that an earlier attempt has stored
 * stay.
 *
 * @returns the bytes to send, in this attempt and in every other (I8); `null`: the row is not this owner's to send any
 * more
 */
export async function storePayload(
  db: Queryable,
  owner: Ownership,
  messageId: string,
  payload: Buffer,
): Promise<Buffer | null> {
  const values = [owner.sessionId, owner.epoch, messageId, payload];
  const { rows } = await db.query<{ payload: Buffer }>({ ...STORE_PAYLOAD, values });
  return rows[0]?.payload ?? null;
}

const PAYLOAD = {
  name: 'outbox-payload',
  text: 'SELECT request, payload, message_id AS "messageId" FROM outbox WHERE session_id = $1 AND wa_message_id = $2',
};

/**
 * The stored bytes (or the request they are made of) of a message that this session sent, to answer a retry receipt.
 */
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
