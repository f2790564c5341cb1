import type { EventType } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';

/**
 * Deliveries of events to webhooks. One process at a time drains a webhook: the lease is on the webhook and not on the
 * delivery. With leases per delivery a second process would take the rows behind those of the first, and first attempts
 * would leave their order. The lease of a process that dies expires; what it had in flight is delivered again under the
 * same event id.
 */
export interface LeasedWebhook {
  webhookId: string;
  /** The session that it belongs to; its secret is sealed under this id. */
  sessionId: string;
  url: string;
  /** Sealed. */
  secret: Buffer;
  /** Proof of the lease, to be given with every result. */
  leasedBy: string;
}

const LEASE = {
  name: 'lease-due-webhooks',
  text: `WITH due AS (
    SELECT w.id FROM webhooks w
    WHERE w.is_active AND ($4::uuid IS NULL OR w.id = $4) AND (w.leased_until IS NULL OR w.leased_until < now())
      AND EXISTS (SELECT 1 FROM webhook_deliveries d
        WHERE d.webhook_id = w.id AND d.status IN ('PENDING', 'RETRYING') AND d.next_attempt <= now())
    LIMIT $2 FOR NO KEY UPDATE OF w SKIP LOCKED
  )
  UPDATE webhooks w SET leased_by = $1, leased_until = now() + $3 * interval '1 ms'
  FROM due WHERE w.id = due.id
  RETURNING w.id AS "webhookId", w.session_id AS "sessionId", w.url, w.secret, w.leased_by AS "leasedBy"`,
};

/** Takes webhooks that have something due and that nobody drains: at most `limit`, or the one named. */
export async function leaseDueWebhooks(
  db: Queryable,
  lease: { leasedBy: string; leaseMs: number; limit: number; webhookId?: string },
): Promise<LeasedWebhook[]> {
  const values = [lease.leasedBy, lease.limit, lease.leaseMs, lease.webhookId ?? null];
  const { rows } = await db.query<LeasedWebhook>({ ...LEASE, values });
  return rows;
}

/** One event for one webhook, with all that its body is made of. */
export interface DueDelivery {
  sessionId: string;
  /** The public id of the session. */
  slug: string;
  /** Counts within the session. */
  seq: number;
  type: EventType;
  data: Record<string, unknown>;
  /** `null` for events of the gateway. */
  epoch: number | null;
  createdAt: Date;
  /** Attempts made so far. */
  attempts: number;
  /** What the caller gave with the message that the event is about. */
  metadata: Record<string, unknown> | null;
}

const DUE = {
  name: 'due-deliveries',
  text: `SELECT d.session_id AS "sessionId", s.slug, d.seq, e.type, e.data, e.epoch, e.created_at AS "createdAt", d.attempts, m.metadata
    FROM webhook_deliveries d JOIN events e ON e.session_id = d.session_id AND e.seq = d.seq JOIN sessions s ON s.id = d.session_id
    LEFT JOIN messages m ON m.id = (e.data->>'messageId')::uuid AND m.metadata IS NOT NULL
    WHERE d.webhook_id = $1 AND d.status = $2::"WebhookStatus" AND d.next_attempt <= now()
    ORDER BY d.seq, d.session_id LIMIT $3`,
};

/**
 * What is due for a webhook, of each session in `seq` order: first attempts (`PENDING`) and retries (`RETRYING`) are
 * separate queues.
 */
export async function dueDeliveries(
  db: Queryable,
  webhookId: string,
  status: 'PENDING' | 'RETRYING',
  limit: number,
): Promise<DueDelivery[]> {
  const { rows } = await db.query<DueDelivery>({ ...DUE, values: [webhookId, status, limit] });
  return rows;
}

/** What came of an attempt. */
export interface DeliveryResult {
  webhookId: string;
  leasedBy: string;
  sessionId: string;
  seq: number;
  status: 'DELIVERED' | 'RETRYING' | 'FAILED';
  /** With `RETRYING`: when to try again. */
  delayMs?: number;
  responseCode?: number | undefined;
  error?: string | undefined;
}

const RECORD = {
  name: 'record-deliveries',
  text: `WITH given AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::"WebhookStatus"[], $7::float8[], $8::int[], $9::text[])
      AS g(webhook_id, leased_by, session_id, seq, status, delay_ms, response_code, error)
  ), held AS (
    UPDATE webhooks w SET leased_until = now() + $1 * interval '1 ms',
      failure_count = CASE WHEN g.status = 'DELIVERED' THEN 0 ELSE w.failure_count + 1 END,
      last_delivery = CASE WHEN g.status = 'DELIVERED' THEN now() ELSE w.last_delivery END
    FROM given g WHERE w.id = g.webhook_id AND w.leased_by = g.leased_by
    RETURNING w.id, w.is_active, g.session_id, g.seq, g.status, g.delay_ms, g.response_code, g.error
  )
  UPDATE webhook_deliveries d SET status = held.status, attempts = d.attempts + 1,
    next_attempt = now() + coalesce(held.delay_ms, 0) * interval '1 ms', response_code = held.response_code, last_error = held.error,
    delivered_at = CASE WHEN held.status = 'DELIVERED' THEN now() END
  FROM held WHERE d.webhook_id = held.id AND d.session_id = held.session_id AND d.seq = held.seq
  RETURNING held.id, held.is_active AS "isActive"`,
};

/**
 * Records attempts of many webhooks, each named once, and renews their leases. Returns the webhooks that may go on. Of
 * the others another process holds the lease by now, and nothing was recorded, or the webhook is gone or inactive.
 */
export async function recordDeliveries(
  db: Queryable,
  results: readonly DeliveryResult[],
  leaseMs: number,
): Promise<Set<string>> {
  const column = <T>(read: (result: DeliveryResult) => T) => results.map(read);
  const { rows } = await db.query<{ id: string; isActive: boolean }>({
    ...RECORD,
    values: [
      leaseMs,
      column((r) => r.webhookId),
      column((r) => r.leasedBy),
      column((r) => r.sessionId),
      column((r) => r.seq),
      column((r) => r.status),
      column((r) => r.delayMs ?? null),
      column((r) => r.responseCode ?? null),
      column((r) => r.error ?? null),
    ],
  });
  return new Set(rows.flatMap(({ id, isActive }) => (isActive ? [id] : [])));
}

const RELEASE = {
  name: 'release-webhook',
  text: `UPDATE webhooks w SET leased_by = NULL, leased_until = NULL WHERE id = $1 AND leased_by = $2
    RETURNING (SELECT extract(epoch FROM min(next_attempt) - now()) * 1000 FROM webhook_deliveries d
      WHERE d.webhook_id = w.id AND d.status IN ('PENDING', 'RETRYING') AND w.is_active)::float8 AS "nextDueMs"`,
};

/** Ends a drain. Tells in how many milliseconds the webhook has something due again; `null`: nothing waits. */
export async function releaseWebhook(
  db: Queryable,
  lease: Pick<LeasedWebhook, 'webhookId' | 'leasedBy'>,
): Promise<number | null> {
  const { rows } = await db.query<{ nextDueMs: number | null }>({
    ...RELEASE,
    values: [lease.webhookId, lease.leasedBy],
  });
  return rows[0]?.nextDueMs ?? null;
}

const DISABLE = {
  name: 'disable-webhook',
  text: `WITH disabled AS (
    UPDATE webhooks SET is_active = false, updated_at = now() WHERE id = $1 RETURNING id
  )
  UPDATE webhook_deliveries d SET status = 'FAILED', last_error = $2
  FROM disabled WHERE d.webhook_id = disabled.id AND d.status IN ('PENDING', 'RETRYING')`,
};

/** Switches a webhook off and gives up what waits for it: its receiver said that it is gone. */
export async function disableWebhook(db: Queryable, webhookId: string, reason: string): Promise<void> {
  await db.query({ ...DISABLE, values: [webhookId, reason] });
}

/** Deliveries that should have been made by now, over all webhooks. */
export async function countDueDeliveries(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM webhook_deliveries
     WHERE status IN ('PENDING', 'RETRYING') AND next_attempt <= now()`,
  );
  return rows[0]!.count;
}
