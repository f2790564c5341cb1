import type { DeliveryStatus } from '@wa-gate/contracts';
import type { Pool, Queryable, WebhookStatus } from '@wa-gate/db';
import { RELIES_ON_CURSOR, type Replay, type Replayed, replayDeliveries, wantsEvent } from '@wa-gate/messaging';

/** Where a page of the list ends. */
export interface DeliveryPosition {
  /** Milliseconds since 1970: when the event happened. */
  at: number;
  sessionId: string;
  seq: number;
}

export interface DeliveryFilter {
  webhookId: string;
  /** Id of the session. */
  sessionId?: string | undefined;
  status?: DeliveryStatus | undefined;
  event?: string | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
  seq?: number | undefined;
}

export interface DeliveryRecord {
  sessionId: string;
  slug: string;
  seq: number;
  type: string;
  occurredAt: Date;
  status: WebhookStatus;
  attempts: number;
  nextAttempt: Date | null;
  deliveredAt: Date | null;
  replayedAt: Date | null;
  responseCode: number | null;
  durationMs: number | null;
  lastError: string | null;
  answer: string | null;
}

export interface DeliveriesRepository {
  /** The latest events first, of all sessions of the webhook. */
  list(
    filter: DeliveryFilter,
    page: { before?: DeliveryPosition | undefined; limit: number },
  ): Promise<DeliveryRecord[]>;
  /** What delivers to the webhook, in a fixed order: for each session one. */
  rowsOf(webhookId: string, sessionId: string | undefined): Promise<{ id: string; sessionId: string }[]>;
  replay(replay: Replay): Promise<Replayed>;
}

/** Each has a partial index of few rows, but for what was delivered. */
const OF_STATUS: Readonly<Record<DeliveryStatus, string>> = {
  pending: `d.status IN ('PENDING', 'RETRYING') AND d.status = 'PENDING'`,
  retrying: `d.status IN ('PENDING', 'RETRYING') AND d.status = 'RETRYING'`,
  delivered: `d.status = 'DELIVERED'`,
  failed: `d.status = 'FAILED'`,
};

/**
 * $1 webhook, $2 session, $3 type, $4 and $5 period, $6 to $8 the position, $9 seq, $10 limit. Within a session the
 * position is a `seq`, so that the primary key finds a page however deep it is.
 */
const within = (seq: string) => `($3::text IS NULL OR e.type = $3)
      AND ($4::timestamptz IS NULL OR e.created_at >= $4) AND ($5::timestamptz IS NULL OR e.created_at < $5)
      AND ($9::bigint IS NULL OR ${seq} = $9)
      AND ${seq} < CASE WHEN w.source_session_id = $7::uuid THEN $8::bigint ELSE 9223372036854775807 END
      AND ($7::uuid IS NULL OR w.source_session_id = $7 OR (e.created_at, w.source_session_id) < ($6::timestamptz, $7::uuid))`;

const EVENT = 'e.session_id, e.seq, e.type, e.created_at';

const rows = (status: DeliveryStatus | undefined) => `(SELECT ${EVENT}, d.status, d.attempts,
        CASE d.status WHEN 'PENDING' THEN w.probe_at WHEN 'RETRYING' THEN greatest(d.next_attempt, w.probe_at) END AS next_attempt,
        d.delivered_at, d.replayed_at, d.response_code, d.duration_ms, d.last_error, d.answer
      FROM webhook_deliveries d JOIN events e ON e.session_id = d.session_id AND e.seq = d.seq
      WHERE d.webhook_id = w.id AND ${status ? OF_STATUS[status] : 'true'} AND ${within('d.seq')}
      ORDER BY d.seq DESC LIMIT $10)`;

/** What waits in line has no row before its first attempt. */
const IN_LINE = `(SELECT ${EVENT}, 'PENDING'::"WebhookStatus", 0, w.probe_at, NULL, NULL, NULL, NULL, NULL, NULL
      FROM events e
      WHERE e.session_id = w.source_session_id AND ${RELIES_ON_CURSOR} AND w.is_active AND e.seq > w.cursor
        AND ${wantsEvent('w', 'e.type', 'e.data')} AND ${within('e.seq')}
        AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.seq = e.seq AND d.session_id = e.session_id)
      ORDER BY e.seq DESC LIMIT $10)`;

function listStatement(status: DeliveryStatus | undefined) {
  const hasLine = status === undefined || status === 'pending';
  return {
    name: `list-deliveries-${status ?? 'all'}`,
    text: `SELECT x.session_id AS "sessionId", s.slug, x.seq, x.type, x.created_at AS "occurredAt", x.status, x.attempts,
        x.next_attempt AS "nextAttempt", x.delivered_at AS "deliveredAt", x.replayed_at AS "replayedAt",
        x.response_code AS "responseCode", x.duration_ms AS "durationMs", x.last_error AS "lastError", x.answer
      FROM webhooks w JOIN sessions s ON s.id = w.source_session_id
      CROSS JOIN LATERAL (${rows(status)}${hasLine ? ` UNION ALL ${IN_LINE}` : ''}) AS x
      WHERE w.endpoint_id = $1 AND ($2::uuid IS NULL OR w.source_session_id = $2)
      ORDER BY x.created_at DESC, x.session_id DESC, x.seq DESC LIMIT $10`,
  };
}

export function createDeliveriesRepository(pool: Pool): DeliveriesRepository {
  const db: Queryable = pool;
  return {
    async list({ webhookId, sessionId, status, event, from, to, seq }, { before, limit }) {
      const position = [before ? new Date(before.at) : null, before?.sessionId ?? null, before?.seq ?? null];
      const values = [
        webhookId,
        sessionId ?? null,
        event ?? null,
        from ?? null,
        to ?? null,
        ...position,
        seq ?? null,
        limit,
      ];
      return (await db.query<DeliveryRecord>({ ...listStatement(status), values })).rows;
    },
    async rowsOf(webhookId, sessionId) {
      const { rows: found } = await db.query<{ id: string; sessionId: string }>(
        `SELECT id, source_session_id AS "sessionId" FROM webhooks
         WHERE endpoint_id = $1 AND source_session_id IS NOT NULL AND ($2::uuid IS NULL OR source_session_id = $2) ORDER BY id`,
        [webhookId, sessionId ?? null],
      );
      return found;
    },
    replay: (replay) => replayDeliveries(db, replay),
  };
}
