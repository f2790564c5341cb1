import type { EventType } from '@wa-gate/contracts';
import type { Queryable, WebhookStatus } from '@wa-gate/db';

/** What is asked for again, of one webhook. What is absent excludes nothing. */
export interface Replay {
  webhookId: string;
  /** Statuses of which a delivery may be. One that stays in line (`PENDING`) is tried anyway. */
  statuses: readonly Exclude<WebhookStatus, 'PENDING'>[];
  seq?: number | undefined;
  types?: readonly EventType[] | undefined;
  /** Of events that happened then or later. */
  from?: Date | undefined;
  /** Of events that happened before. */
  to?: Date | undefined;
  /** Goes on behind this `seq`. */
  after?: number | undefined;
  limit: number;
}

/**
 * The row of the webhook is locked before those of deliveries, as by who writes results; both would wait for each other
 * else (I10).
 */
const REPLAY = {
  name: 'replay-deliveries',
  text: `WITH locked AS MATERIALIZED (
    SELECT w.id FROM webhooks w WHERE w.id = $1 FOR NO KEY UPDATE
  ), picked AS MATERIALIZED (
    SELECT d.webhook_id, d.session_id, d.seq FROM locked w
    JOIN webhook_deliveries d ON d.webhook_id = w.id
    JOIN events e ON e.session_id = d.session_id AND e.seq = d.seq
    WHERE d.status = ANY ($2::"WebhookStatus"[]) AND ($3::bigint IS NULL OR d.seq = $3) AND ($4::text[] IS NULL OR e.type = ANY ($4))
      AND ($5::timestamptz IS NULL OR e.created_at >= $5) AND ($6::timestamptz IS NULL OR e.created_at < $6) AND d.seq > $7
    ORDER BY d.seq LIMIT $8
  ), again AS (
    UPDATE webhook_deliveries d SET status = 'RETRYING', refusals = 0, chat = NULL, next_attempt = now(), replayed_at = now()
    FROM picked p WHERE d.webhook_id = p.webhook_id AND d.session_id = p.session_id AND d.seq = p.seq
      AND d.status = ANY ($2::"WebhookStatus"[])
    RETURNING d.seq
  ), told AS (
    UPDATE webhooks w SET replayed_at = clock_timestamp() WHERE w.id = $1 AND EXISTS (SELECT 1 FROM again)
  )
  SELECT (SELECT count(*) FROM again)::int AS count, (SELECT max(seq) FROM picked) AS last, (SELECT count(*) FROM picked)::int AS picked`,
};

/** What came of a {@link Replay}. */
export interface Replayed {
  count: number;
  /** Where the next call goes on; `null`: there is nothing more. */
  next: number | null;
}

/**
 * Asks for deliveries again, in `seq` order: each event has a schedule of its own, from its beginning. A gateway that
 * holds the webhook learns of it at its next write; notify its doorbell for one that nobody holds.
 */
export async function replayDeliveries(db: Queryable, replay: Replay): Promise<Replayed> {
  const { webhookId, statuses, seq, types, from, to, after = -1, limit } = replay;
  const { rows } = await db.query<{ count: number; last: number | null; picked: number }>({
    ...REPLAY,
    values: [webhookId, statuses, seq ?? null, types ?? null, from ?? null, to ?? null, after, limit],
  });
  const { count, last, picked } = rows[0]!;
  return { count, next: picked === limit ? last : null };
}
