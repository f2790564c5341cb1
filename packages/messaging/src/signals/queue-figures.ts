import type { Queryable } from '@wa-gate/db';
import { WAITING_DELIVERIES } from '../deliveries/deliveries.ts';
import { isHeldBack } from '../sessions/reachout.ts';
import { QUEUE_NAMES } from './queues.ts';

/** SQL: the public name of the queue of a lane. */
const queueOf = (lane: string): string =>
  `CASE WHEN ${lane} = 'CAMPAIGN' THEN '${QUEUE_NAMES.broadcasts}' ELSE '${QUEUE_NAMES.messages}' END`;

/** What waits in a queue and is due. */
export interface QueueFigures {
  depth: number;
  /** Seconds that the oldest item has been due; 0 when nothing waits. */
  oldestSeconds: number;
}

/**
 * Messages of sessions that are not connected wait for their phone and not for us, those that WhatsApp's time-lock
 * holds back wait for it, and held ones for the pacing of their session: they count, and their age does not. The
 * indexes `outbox_due` and `outbox_held` have no rows but those that wait.
 */
const LANES = {
  name: 'outbox-figures',
  text: `SELECT queue, sum(depth)::bigint AS depth, max("oldestSeconds") AS "oldestSeconds" FROM (
      SELECT ${queueOf('o.lane')} AS queue, count(*) AS depth,
        coalesce(extract(epoch FROM now() - min(o.not_before) FILTER (WHERE s.state = 'CONNECTED' AND NOT ${isHeldBack('o.chat_jid', 's')})), 0)::float8
          AS "oldestSeconds"
      FROM outbox o JOIN sessions s ON s.id = o.session_id
      WHERE o.state = 'QUEUED' AND o.not_before <= now() GROUP BY 1
      UNION ALL
      SELECT ${queueOf('o.lane')}, count(*), 0 FROM outbox o JOIN sessions s ON s.id = o.session_id
      WHERE o.state = 'HELD' AND o.not_before <= now() GROUP BY 1
    ) AS lanes GROUP BY queue`,
};

const DELIVERIES = {
  name: 'delivery-figures',
  text: `SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(next_attempt)), 0)::float8 AS "oldestSeconds"
    FROM ${WAITING_DELIVERIES} AS waiting WHERE next_attempt <= now()`,
};

const NOTHING: QueueFigures = { depth: 0, oldestSeconds: 0 };

/** The queues of messages and deliveries, by their public names. */
export async function readQueueFigures(db: Queryable): Promise<Map<string, QueueFigures>> {
  const { rows } = await db.query<QueueFigures & { queue: string }>(LANES);
  const deliveries = await db.query<QueueFigures>(DELIVERIES);
  const figuresOf = (name: string): QueueFigures => rows.find(({ queue }) => queue === name) ?? NOTHING;
  return new Map([
    [QUEUE_NAMES.messages, figuresOf(QUEUE_NAMES.messages)],
    [QUEUE_NAMES.broadcasts, figuresOf(QUEUE_NAMES.broadcasts)],
    [QUEUE_NAMES.webhooks, deliveries.rows[0] ?? NOTHING],
  ]);
}

/** Whose queues are counted; `null`: all. */
export interface QueueScope {
  workspaceId: string | null;
  sessionId: string | null;
}

/** A queue as people see it. */
export interface QueueState {
  queue: string;
  /** Due, and not being sent. */
  waiting: number;
  active: number;
  /** Not due yet. */
  delayed: number;
  /** Given up in the last 24 hours. */
  failed: number;
  /** Seconds for which the first of the waiting ones has been due. */
  oldestSeconds: number;
}

const MINE = `mine AS (
    SELECT id FROM sessions WHERE ($1::uuid IS NULL OR workspace_id = $1) AND ($2::uuid IS NULL OR id = $2)
  )`;

/** Ids grow with time, so that the failures of a day are found by a key. */
const STATES = {
  name: 'queue-states',
  text: `WITH ${MINE}, counted AS (
    SELECT ${queueOf('o.lane')} AS queue, count(*) FILTER (WHERE o.state = 'QUEUED') AS waiting, count(*) FILTER (WHERE o.state = 'SENDING') AS active,
      0::bigint AS delayed, 0::bigint AS failed, min(o.not_before) FILTER (WHERE o.state = 'QUEUED') AS oldest
    FROM mine JOIN outbox o ON o.session_id = mine.id WHERE o.state IN ('QUEUED', 'SENDING') GROUP BY 1
    UNION ALL
    SELECT ${queueOf('o.lane')}, count(*) FILTER (WHERE o.not_before <= now()), 0, count(*) FILTER (WHERE o.not_before > now()), 0,
      min(o.not_before) FILTER (WHERE o.not_before <= now())
    FROM mine JOIN outbox o ON o.session_id = mine.id WHERE o.state = 'HELD' GROUP BY 1
    UNION ALL
    SELECT ${queueOf('o.lane')}, 0, 0, 0, count(*), NULL FROM mine JOIN messages m ON m.session_id = mine.id JOIN outbox o ON o.message_id = m.id
    WHERE m.id >= $3 AND m.state IN ('FAILED', 'UNKNOWN') GROUP BY 1
    UNION ALL
    SELECT '${QUEUE_NAMES.webhooks}', count(*) FILTER (WHERE d.next_attempt <= now()), 0, count(*) FILTER (WHERE d.next_attempt > now()), 0,
      min(d.next_attempt) FILTER (WHERE d.next_attempt <= now())
    FROM ${WAITING_DELIVERIES} AS d JOIN mine ON mine.id = d.session_id
    UNION ALL
    SELECT '${QUEUE_NAMES.webhooks}', 0, count(*) FILTER (WHERE w.leased_until > now()), 0, 0, NULL
    FROM webhooks w JOIN mine ON mine.id = w.source_session_id
    UNION ALL
    SELECT '${QUEUE_NAMES.webhooks}', 0, 0, 0, count(*), NULL FROM webhook_deliveries d JOIN mine ON mine.id = d.session_id
    WHERE d.status = 'FAILED' AND d.next_attempt > now() - interval '1 day'
  )
  SELECT queue, sum(waiting)::float8 AS waiting, sum(active)::float8 AS active, sum(delayed)::float8 AS delayed, sum(failed)::float8 AS failed,
    coalesce(extract(epoch FROM now() - min(oldest)), 0)::float8 AS "oldestSeconds"
  FROM counted GROUP BY queue`,
};

/**
 * The queues as people see them.
 *
 * @param firstId the smallest id of the last 24 hours
 */
export async function readQueueStates(
  db: Queryable,
  { workspaceId, sessionId }: QueueScope,
  firstId: string,
): Promise<QueueState[]> {
  const { rows } = await db.query<QueueState>({ ...STATES, values: [workspaceId, sessionId, firstId] });
  return rows;
}
