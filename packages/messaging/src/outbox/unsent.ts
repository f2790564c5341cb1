import { CANCELLED_CODE, EXPIRED_CODE, LIMITS } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { identityOf } from '../contacts/identity-sql.ts';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';
import type { Schedule } from './acceptance.ts';

const SENTENCES = {
  [CANCELLED_CODE]: 'The message was cancelled before it was sent.',
  [EXPIRED_CODE]: 'The message was not sent in time: its `expiresAt` came first.',
} as const;

const CHANGE_SENTENCE = 'The message itself was not sent, so there is nothing to change.';

/** A row that no attempt has begun. An attempt may have left, whatever became of it: such a row is not taken back. */
const IS_UNSENT = `o.state IN ('HELD', 'QUEUED') AND o.attempts = 0`;

/**
 * Ends messages that have not begun to leave. An owner that claims or admits a row at the same moment has locked it,
 * and then it is not unsent any more; or it waits for this, and finds that it is over. Either way one of the two
 * happens. Changes of these messages end with them.
 *
 * A message and its parts end together, decided by the message: it is the first that leaves. The lock on the session
 * keeps its deletion from running between this and the commit: events have no foreign key. One session per statement,
 * because owners lock the counters of several sessions in no fixed order.
 */
const CONCLUDE_UNSENT = {
  name: 'conclude-unsent',
  text: `WITH session AS (
    SELECT id, workspace_id FROM sessions WHERE id = $1 FOR KEY SHARE
  ), locked AS MATERIALIZED (
    SELECT o.message_id FROM session s JOIN outbox o ON o.session_id = s.id
    WHERE o.message_id = ANY($2::uuid[]) AND ${IS_UNSENT} AND ($3 <> '${EXPIRED_CODE}' OR o.expires_at <= now())
    ORDER BY o.seq FOR UPDATE OF o
  ), failed AS (
    UPDATE messages m SET state = 'FAILED', error_code = $3, error_message = $4 FROM locked l
    WHERE m.id = l.message_id AND m.state = 'QUEUED' AND ($5::uuid IS NULL OR $5 IN (SELECT message_id FROM locked))
    RETURNING m.id, m.session_id, m.wa_message_id, m.chat_jid
  ), changes AS (
    UPDATE message_changes c SET state = 'FAILED', error_code = 'MESSAGE_NOT_SENT', error_message = $6 FROM failed f
    WHERE c.message_id = f.id AND c.state = 'QUEUED' RETURNING c.id
  ), settled AS (
    UPDATE outbox o SET state = 'FAILED' WHERE o.message_id IN (SELECT id FROM failed UNION ALL SELECT id FROM changes)
  ), new_events AS (
    SELECT f.session_id, NULL::bigint AS epoch, row_number() OVER (ORDER BY f.id) AS ord, 'message.failed' AS type,
      jsonb_build_object('messageId', f.id, 'waMessageId', f.wa_message_id, 'to', f.chat_jid,
        'timestamp', extract(epoch FROM now())::bigint, 'identities', jsonb_build_object('chat', ${identityOf('s.workspace_id', 'f.chat_jid')}),
        'errorCode', $3, 'error', $4, 'state', $7::text) AS data
    FROM failed f CROSS JOIN session s
  ), ${APPEND_EVENTS}
  SELECT (SELECT coalesce(json_agg(id), '[]') FROM failed) AS ended, ${APPENDED_COLUMNS}`,
};

/** What was ended, with the events that tell it. */
export interface Ended extends Appended {
  messageIds: string[];
}

async function conclude(
  db: Queryable,
  code: keyof typeof SENTENCES,
  sessionId: string,
  messageIds: readonly string[],
  head: string | null,
): Promise<Ended> {
  const state = code === CANCELLED_CODE ? 'cancelled' : 'expired';
  const { rows } = await db.query<Appended & { ended: string[] }>({
    ...CONCLUDE_UNSENT,
    values: [sessionId, messageIds, code, SENTENCES[code], head, CHANGE_SENTENCE, state],
  });
  return { ...readAppended(rows[0]!), messageIds: rows[0]!.ended };
}

/**
 * Cancels a message of a session, and the parts that were accepted with it. What is cancelled never leaves.
 *
 * @returns nothing ended: it has begun to leave, or is over
 */
export async function cancelMessage(
  db: Queryable,
  { sessionId, messageId, partIds }: { sessionId: string; messageId: string; partIds: readonly string[] },
): Promise<Ended> {
  return await conclude(db, CANCELLED_CODE, sessionId, [messageId, ...partIds], messageId);
}

/** Cancels those of these messages of a session that have not begun to leave, each for itself. */
export async function cancelMessages(db: Queryable, sessionId: string, messageIds: readonly string[]): Promise<Ended> {
  return await conclude(db, CANCELLED_CODE, sessionId, messageIds, null);
}

const FIND_EXPIRED = {
  name: 'find-expired',
  text: `SELECT o.session_id AS "sessionId", array_agg(o.message_id) AS "messageIds" FROM (
      SELECT o.session_id, o.message_id FROM outbox o JOIN sessions s ON s.id = o.session_id
      WHERE o.expires_at <= now() AND o.expires_at IS NOT NULL AND ${IS_UNSENT} ORDER BY o.expires_at LIMIT $1
    ) o GROUP BY o.session_id`,
};

/** Ends messages whose `expiresAt` is over, at most `limit`. */
export async function endExpired(db: Queryable, limit: number): Promise<Ended[]> {
  const { rows } = await db.query<{ sessionId: string; messageIds: string[] }>({ ...FIND_EXPIRED, values: [limit] });
  const ended: Ended[] = [];
  for (const { sessionId, messageIds } of rows)
    ended.push(await conclude(db, EXPIRED_CODE, sessionId, messageIds, null));
  return ended;
}

const MOVE = {
  name: 'move-scheduled',
  text: `WITH given AS (
    SELECT $3::timestamptz AS at, CASE WHEN $3::timestamptz < now() THEN 'past'
      WHEN $3::timestamptz > now() + interval '${LIMITS.scheduleDays} days' THEN 'too-far' ELSE 'moved' END AS verdict
  ), locked AS MATERIALIZED (
    SELECT o.message_id, coalesce(o.expires_at <= g.at, false) AS expires FROM outbox o CROSS JOIN given g
    WHERE o.message_id = ANY($2::uuid[]) AND o.session_id = $1 AND o.state = 'HELD' AND o.schedule IS NOT NULL
    ORDER BY o.seq FOR UPDATE OF o
  ), moved AS (
    UPDATE outbox o SET not_before = g.at, schedule = CASE WHEN o.change_of IS NULL THEN $4::jsonb END
    FROM locked l CROSS JOIN given g
    WHERE g.verdict = 'moved' AND NOT EXISTS (SELECT 1 FROM locked WHERE expires)
      AND (o.message_id = l.message_id OR (o.change_of = l.message_id AND o.state = 'HELD'))
    RETURNING o.message_id
  )
  SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM locked) THEN 'begun' WHEN g.verdict <> 'moved' THEN g.verdict
      WHEN EXISTS (SELECT 1 FROM locked WHERE expires) THEN 'expired' ELSE 'moved' END AS outcome,
    (SELECT count(*) FROM moved)::int AS count FROM given g`,
};

/**
 * What became of a new time. `begun`: it is in the queue already, was sent or cancelled, or has no time of its own;
 * `past`, `too-far`: the new time, by the clock of the database; `expired`: the message would expire before.
 */
export type MoveOutcome = 'moved' | 'begun' | 'past' | 'too-far' | 'expired';

/** Gives a scheduled message and its parts another time, while they are held. Ring the doorbell after this. */
export async function moveScheduled(
  db: Queryable,
  {
    sessionId,
    messageId,
    partIds,
    schedule,
  }: { sessionId: string; messageId: string; partIds: readonly string[]; schedule: Schedule },
): Promise<MoveOutcome> {
  const { rows } = await db.query<{ outcome: MoveOutcome }>({
    ...MOVE,
    values: [sessionId, [messageId, ...partIds], schedule.at, JSON.stringify(schedule)],
  });
  return rows[0]!.outcome;
}
