import type { Queryable } from '@wa-gate/db';
import { WAITING_DELIVERIES } from '../deliveries/deliveries.ts';
import { isHeldBack } from '../sessions/reachout.ts';
import { QUEUE_NAMES } from './queues.ts';

/** What waits in a queue and is due. */
export interface QueueFigures {
  depth: number;
  /** Seconds that the oldest item has been due; 0 when nothing waits. */
  oldestSeconds: number;
}

/**
 * Messages of sessions that are not connected wait for their phone and not for us, and so do those that WhatsApp's
 * time-lock holds back: they count, and their age does not. The index `outbox_due` has no rows but those that wait.
 */
const LANES = {
  name: 'outbox-figures',
  text: `SELECT o.lane, count(*) AS depth,
      coalesce(extract(epoch FROM now() - min(o.not_before) FILTER (WHERE s.state = 'CONNECTED' AND NOT ${isHeldBack('o.chat_jid', 's')})), 0)::float8
        AS "oldestSeconds"
    FROM outbox o JOIN sessions s ON s.id = o.session_id
    WHERE o.state = 'QUEUED' AND o.not_before <= now() GROUP BY o.lane`,
};

const DELIVERIES = {
  name: 'delivery-figures',
  text: `SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(next_attempt)), 0)::float8 AS "oldestSeconds"
    FROM ${WAITING_DELIVERIES} AS waiting WHERE next_attempt <= now()`,
};

const NOTHING: QueueFigures = { depth: 0, oldestSeconds: 0 };

/** The queues of messages and deliveries, by their public names. */
export async function readQueueFigures(db: Queryable): Promise<Map<string, QueueFigures>> {
  const { rows } = await db.query<QueueFigures & { lane: string }>(LANES);
  const deliveries = await db.query<QueueFigures>(DELIVERIES);
  const laneOf = (name: string): QueueFigures => rows.find(({ lane }) => lane === name) ?? NOTHING;
  return new Map([
    [QUEUE_NAMES.messages, laneOf('INTERACTIVE')],
    [QUEUE_NAMES.broadcasts, laneOf('CAMPAIGN')],
    [QUEUE_NAMES.webhooks, deliveries.rows[0] ?? NOTHING],
  ]);
}
