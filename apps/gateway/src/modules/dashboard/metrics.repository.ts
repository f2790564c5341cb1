import type { Queryable } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';
import { HAS_FAILED, WAITING_DELIVERIES, WAS_SENT } from '@wa-gate/messaging';
import { type DashboardScope, MINE, scopeValues } from './scope.ts';

/** The figures of now that are in the database. */
export interface Figures {
  sessions: number;
  connected: number;
  messagesWaiting: number;
  broadcastMessagesWaiting: number;
  activeBroadcasts: number;
  deliveriesWaiting: number;
  sentToday: number;
  failedToday: number;
  webhooks: number;
  webhooksActive: number;
  webhooksFailing: number;
  lastDelivery: Date | null;
}

export interface MetricsRepository {
  read(scope: DashboardScope): Promise<Figures>;
}

/**
 * Waiting rows are counted by the partial indexes of open rows; today's messages by their ids, which grow with time.
 */
const READ = {
  name: 'dashboard-metrics',
  text: `WITH ${MINE}, waiting AS (
      SELECT o.lane, o.session_id FROM outbox o JOIN mine ON mine.id = o.session_id 
      WHERE o.state IN ('QUEUED', 'SENDING') OR (o.state = 'HELD' AND o.not_before <= now())
    ), today AS (
      SELECT count(*) FILTER (WHERE m.state IN ${WAS_SENT}) AS sent, count(*) FILTER (WHERE m.state IN ${HAS_FAILED}) AS failed
      FROM messages m JOIN mine ON mine.id = m.session_id WHERE m.id >= $3 AND m.direction = 'OUTBOUND' AND NOT m.is_history
    ), hooks AS (
      SELECT count(DISTINCT w.endpoint_id) AS total, count(DISTINCT w.endpoint_id) FILTER (WHERE w.is_active) AS active,
        count(DISTINCT w.endpoint_id) FILTER (WHERE w.is_active AND w.failure_count > 0) AS failing, max(w.last_delivery) AS last_delivery
      FROM webhooks w JOIN mine ON mine.id = w.source_session_id
    )
    SELECT (SELECT count(*) FROM mine) AS sessions,
      (SELECT count(*) FROM mine JOIN sessions s USING (id) WHERE s.state = 'CONNECTED') AS connected,
      (SELECT count(*) FROM waiting WHERE lane <> 'CAMPAIGN') AS "messagesWaiting",
      (SELECT count(*) FROM waiting WHERE lane = 'CAMPAIGN') AS "broadcastMessagesWaiting",
      (SELECT count(*) FROM broadcasts b WHERE b.status = 'running' AND b.ended_at IS NULL AND ($1::uuid IS NULL OR b.workspace_id = $1)
        AND EXISTS (SELECT 1 FROM mine WHERE mine.id = ANY(b.session_ids))) AS "activeBroadcasts",
      (SELECT count(*) FROM webhooks w JOIN mine ON mine.id = w.source_session_id JOIN ${WAITING_DELIVERIES} AS d ON d.webhook_id = w.id)
        AS "deliveriesWaiting",
      today.sent AS "sentToday", today.failed AS "failedToday",
      hooks.total AS webhooks, hooks.active AS "webhooksActive", hooks.failing AS "webhooksFailing",
      hooks.last_delivery AS "lastDelivery"
    FROM today, hooks`,
};

/** Midnight in UTC. */
function startOfToday(): Date {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()));
}

export function createMetricsRepository(db: Queryable): MetricsRepository {
  return {
    async read(scope) {
      const { rows } = await db.query<Figures>({ ...READ, values: [...scopeValues(scope), firstIdAt(startOfToday())] });
      return rows[0]!;
    },
  };
}
