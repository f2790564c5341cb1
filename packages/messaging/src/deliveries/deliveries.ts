import type { EventType } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { metadataOf, wantsEvent } from '../events/append-events.ts';

/**
 * Deliveries of events to webhooks. A webhook is here what delivers the events of one session to one endpoint; an
 * endpoint of a workspace has one for each session. One gateway at a time holds a webhook: the lease is on the webhook
 * and not on the delivery, so that first attempts keep the order of `seq` over all gateways. A delivery has a row from
 * its first result on. The backlog of a held webhook is the events behind its cursor without a result. Statements that
 * append events write rows only for primary webhooks that nobody holds; all others have a cursor at any time. The lease
 * of a process that dies expires, and its requests in flight are repeated under the same event ids.
 */
export interface LeasedWebhook {
  webhookId: string;
  /** The endpoint, under which its answers and its log are shown. */
  endpointId: string;
  /** The session whose events it delivers. */
  sessionId: string;
  /** The public id of the session. */
  slug: string;
  /** The primary webhook of the session. Its secrets are sealed under the id of the session. */
  isPrimary: boolean;
  /** What it is sent by. */
  type: string;
  url: string;
  /** Sealed. */
  secret: Buffer;
  /** Sealed; signs as well for some time. */
  previousSecret: Buffer | null;
  /** Milliseconds for which the previous secret signs. */
  previousSecretMs: number | null;
  /** Sealed. */
  configuration: Buffer | null;
  /** What the customer wants to find in each body. */
  metadata: Record<string, unknown> | null;
  /** It wants less than its `events` say. */
  hasChatFilters: boolean;
  /** Names the lease, which ends at every change of the webhook. */
  leasedBy: string;
  /** Up to this `seq` every wanted event has its row. */
  cursor: number;
  /** Milliseconds until the next retry is due; `null`: none waits. */
  nextRetryMs: number | null;
  /** `chat`: an event waits for the earlier ones of its chat. `session`: what is refused holds up nothing. */
  ordering: 'session' | 'chat';
  /** `waha`: the headers of WAHA's signature besides. */
  compat: 'waha' | null;
  /** With the order of chats: those of which an event waits on its own, with the `seq` of the last one. */
  waitingChats: [chat: string, seq: number][];
  /** The endpoint takes nothing; `null`: that is not known. */
  breaker: StoredBreaker | null;
  /** When deliveries were last asked for again, in milliseconds since 1970. */
  replayedAt: number | null;
}

/** That an endpoint takes nothing, as far as it outlives the process that has found it out. */
export interface StoredBreaker {
  /** Milliseconds since the first failure. */
  failingForMs: number;
  /** In a row, the first failure included. */
  failedProbes: number;
  /** Milliseconds until the next probe; not above zero: now. */
  probeInMs: number;
}

/** Milliseconds until a lease that is not renewed expires. */
export const WEBHOOK_LEASE_MS = 12_000;
/** Milliseconds before the expiry at which a holder stops, and events are appended with rows again. */
export const WEBHOOK_LEASE_MARGIN_MS = 2_000;

const LEASE_UNTIL = `now() + interval '${WEBHOOK_LEASE_MS} ms'`;
const HOLD_UNTIL = `now() + interval '${WEBHOOK_LEASE_MS - WEBHOOK_LEASE_MARGIN_MS} ms'`;

/**
 * SQL condition: events behind the cursor of the webhook `w` may be without a row. The last holder has left some, or it
 * is no primary webhook.
 */
export const RELIES_ON_CURSOR = '(w.leased_by IS NOT NULL OR w.session_id IS NULL)';

/**
 * With the order of chats: the first delivery of the chat, which waits on its own, when it is not the delivery itself.
 * A subquery of one row or none.
 */
const heldUpBy = (delivery: string): string => `(SELECT p.next_attempt FROM webhook_deliveries p
      WHERE p.webhook_id = ${delivery}.webhook_id AND p.status = 'RETRYING' AND p.chat = ${delivery}.chat AND p.seq < ${delivery}.seq
      ORDER BY p.seq LIMIT 1)`;
const isFree = (delivery: string): string => `(${delivery}.chat IS NULL OR NOT EXISTS ${heldUpBy(delivery)})`;

const nextRetryMs = (webhook: string): string => `(
      SELECT extract(epoch FROM min(n.next_attempt) - now()) * 1000 FROM webhook_deliveries n
      WHERE n.webhook_id = ${webhook} AND n.status IN ('PENDING', 'RETRYING') AND n.status = 'RETRYING' AND ${isFree('n')})::float8`;

/** Whether a row is due, or events behind the cursor have no result, and the endpoint is not to be left alone. */
const HAS_SOMETHING_DUE = `((w.probe_at IS NULL OR w.probe_at <= now()) AND (EXISTS (SELECT 1 FROM webhook_deliveries d
      WHERE d.webhook_id = w.id AND d.status IN ('PENDING', 'RETRYING') AND d.next_attempt <= now() AND ${isFree('d')})
    OR (${RELIES_ON_CURSOR} AND w.cursor < (SELECT last_seq FROM session_counters c WHERE c.session_id = w.source_session_id))))`;

/**
 * A webhook without a cursor has all that waits as rows: the cursor begins before the first of them. `OFFSET 0` makes
 * PostgreSQL find the row by the index of what is due.
 */
const takeLease = (which: string): string => `WITH due AS (
    SELECT w.id FROM webhooks w
    WHERE w.is_active AND w.paused_at IS NULL AND w.source_session_id IS NOT NULL
      AND (w.leased_until IS NULL OR w.leased_until < now()) AND ${which}
      AND ${HAS_SOMETHING_DUE}
    FOR NO KEY UPDATE OF w SKIP LOCKED LIMIT $2
  )
  UPDATE webhooks w SET leased_by = $1, leased_until = ${LEASE_UNTIL}, held_until = ${HOLD_UNTIL}, cursor = coalesce(w.cursor,
    (SELECT min(p.seq) - 1 FROM (SELECT d.seq FROM webhook_deliveries d WHERE d.webhook_id = w.id
      AND d.status IN ('PENDING', 'RETRYING') AND d.status = 'PENDING' OFFSET 0) AS p),
    (SELECT c.last_seq FROM session_counters c WHERE c.session_id = w.source_session_id), 0)
  FROM due, sessions s WHERE w.id = due.id AND s.id = w.source_session_id
  RETURNING w.id AS "webhookId", w.endpoint_id AS "endpointId", w.source_session_id AS "sessionId", s.slug,
    w.session_id IS NOT NULL AS "isPrimary", w.type, w.url, w.secret, w.previous_secret AS "previousSecret",
    (extract(epoch FROM w.previous_secret_until - now()) * 1000)::float8 AS "previousSecretMs", w.configuration, w.metadata,
    w.chat_types IS NOT NULL OR w.chats IS NOT NULL AS "hasChatFilters", w.leased_by AS "leasedBy", w.cursor,
    ${nextRetryMs('w.id')} AS "nextRetryMs", w.ordering, w.compat,
    (SELECT coalesce(json_agg(json_build_array(x.chat, x.seq)), '[]') FROM (SELECT d.chat, max(d.seq) AS seq FROM webhook_deliveries d
      WHERE w.ordering = 'chat' AND d.webhook_id = w.id AND d.status = 'RETRYING' AND d.chat IS NOT NULL GROUP BY d.chat) AS x)
      AS "waitingChats",
    CASE WHEN w.probe_at IS NOT NULL THEN json_build_object(
      'failingForMs', extract(epoch FROM now() - coalesce(w.failing_since, now())) * 1000, 'failedProbes', w.failed_probes,
      'probeInMs', extract(epoch FROM w.probe_at - now()) * 1000) END AS breaker,
    (extract(epoch FROM w.replayed_at) * 1000)::float8 AS "replayedAt"`;

const LEASE_ANY = { name: 'lease-due-webhooks', text: takeLease('true') };
const LEASE_NAMED = { name: 'lease-webhooks', text: takeLease('w.id = ANY($3::uuid[])') };

/** Takes webhooks that have something due and that nobody holds: at most `limit`, of all or of those named. */
export async function leaseWebhooks(
  db: Queryable,
  lease: { leasedBy: string; limit: number; webhookIds?: readonly string[] },
): Promise<LeasedWebhook[]> {
  const values = [lease.leasedBy, lease.limit];
  const { rows } = await db.query<LeasedWebhook>(
    lease.webhookIds ? { ...LEASE_NAMED, values: [...values, lease.webhookIds] } : { ...LEASE_ANY, values },
  );
  return rows;
}

/** One event for one webhook, with all parts of its body. */
export interface DueDelivery {
  /** Counts within the session. */
  seq: number;
  type: EventType;
  data: Record<string, unknown>;
  /** `null` for events of the gateway. */
  epoch: number | null;
  /** Milliseconds since 1970. */
  createdAt: number;
  /** Attempts made so far. */
  attempts: number;
  /** How often it was refused itself, while others were taken. */
  refusals: number;
  /** It was asked for again. */
  isReplay?: boolean;
  /** The `metadata` that the caller attached to the message of the event. */
  metadata: Record<string, unknown> | null;
  /** `traceparent` of what brought the event about, where that was traced. */
  trace?: string | null;
}

type Lease = Pick<LeasedWebhook, 'webhookId' | 'leasedBy'>;

/** The backlog of one webhook, as one statement read it. */
export interface FoundDeliveries {
  /** In `seq` order. */
  due: DueDelivery[];
  /** The last `seq` of the read. */
  upTo: number;
  /** Whether the read ended at its limit. */
  hasMore: boolean;
}

const EVENT_COLUMNS = `e.seq, e.type, CASE WHEN e.is_due THEN e.data END AS data, e.epoch, e.trace,
  (extract(epoch FROM e.created_at) * 1000)::bigint AS "createdAt", e.is_due AS "isDue",
  CASE WHEN e.is_due THEN ${metadataOf('e')} END AS metadata`;

const NEWS = {
  name: 'undelivered-events',
  text: `SELECT w.id AS "webhookId", coalesce(e.attempts, 0) AS attempts, coalesce(e.refusals, 0) AS refusals, ${EVENT_COLUMNS}
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS g(webhook_id, leased_by, after)
    JOIN webhooks w ON w.id = g.webhook_id AND w.leased_by = g.leased_by AND w.is_active
    LEFT JOIN LATERAL (
      SELECT e.*, d.attempts, d.refusals, CASE WHEN d.status IS NULL THEN ${wantsEvent('w', 'e.type', 'e.data')} ELSE d.status = 'PENDING' END AS is_due
      FROM (SELECT * FROM events v WHERE v.session_id = w.source_session_id AND v.seq > g.after ORDER BY v.seq LIMIT $4) AS e
      LEFT JOIN webhook_deliveries d ON d.webhook_id = w.id AND d.seq = e.seq AND d.session_id = e.session_id
    ) AS e ON true
    ORDER BY w.id, e.seq`,
};

interface EventRow extends DueDelivery {
  webhookId: string;
  /** `null`: there is no event. */
  isDue: boolean | null;
}

/**
 * Events behind a `seq` that have no result yet, of many webhooks in one statement, each in `seq` order. A row without
 * an attempt says that the event was wanted when it happened, whatever the webhook wants by now. A webhook that is
 * missing in the answer is not held under its lease any more.
 *
 * @param limit events read for each webhook, wanted or not
 */
export async function readUndelivered(
  db: Queryable,
  webhooks: readonly (Lease & { after: number })[],
  limit: number,
): Promise<Map<string, FoundDeliveries>> {
  const { rows } = await db.query<EventRow>({
    ...NEWS,
    values: [
      webhooks.map(({ webhookId }) => webhookId),
      webhooks.map(({ leasedBy }) => leasedBy),
      webhooks.map(({ after }) => after),
      limit,
    ],
  });
  const found = new Map<string, FoundDeliveries & { count: number }>();
  for (const { webhookId, isDue, ...delivery } of rows) {
    const entry = found.get(webhookId) ?? { due: [], upTo: 0, hasMore: false, count: 0 };
    found.set(webhookId, entry);
    if (isDue === null) continue;
    entry.upTo = delivery.seq;
    entry.count += 1;
    entry.hasMore = entry.count === limit;
    if (isDue) entry.due.push(delivery);
  }
  return found;
}

const RETRIES = {
  name: 'due-retries',
  text: `SELECT w.id AS "webhookId", e.attempts, e.refusals, e.replayed_at IS NOT NULL AS "isReplay", ${EVENT_COLUMNS},
      ${nextRetryMs('w.id')} AS "nextRetryMs"
    FROM unnest($1::uuid[], $2::uuid[]) AS g(webhook_id, leased_by)
    JOIN webhooks w ON w.id = g.webhook_id AND w.leased_by = g.leased_by AND w.is_active
    LEFT JOIN LATERAL (
      SELECT e.*, d.attempts, d.refusals, d.replayed_at, true AS is_due
      FROM (SELECT * FROM webhook_deliveries r WHERE r.webhook_id = w.id AND r.status IN ('PENDING', 'RETRYING')
        AND r.status = 'RETRYING' AND r.next_attempt <= now() AND ${isFree('r')} ORDER BY r.seq LIMIT $3) AS d
      JOIN events e ON e.session_id = d.session_id AND e.seq = d.seq
    ) AS e ON true
    ORDER BY w.id, e.seq`,
};

export interface FoundRetries {
  /** In `seq` order. */
  due: DueDelivery[];
  /** Milliseconds until the next one is due, not above zero while there is one; `null`: none waits. */
  nextRetryMs: number | null;
}

/** Retries that are due, of many webhooks in one statement. Who is missing in the answer is not held any more. */
export async function readRetries(
  db: Queryable,
  webhooks: readonly Lease[],
  limit: number,
): Promise<Map<string, FoundRetries>> {
  const { rows } = await db.query<EventRow & { nextRetryMs: number | null }>({
    ...RETRIES,
    values: [webhooks.map(({ webhookId }) => webhookId), webhooks.map(({ leasedBy }) => leasedBy), limit],
  });
  const found = new Map<string, FoundRetries>();
  for (const { webhookId, isDue, nextRetryMs, ...delivery } of rows) {
    const entry = found.get(webhookId) ?? { due: [], nextRetryMs };
    found.set(webhookId, entry);
    if (isDue) entry.due.push(delivery);
  }
  return found;
}

/**
 * What came of an event. `RETRYING`: it has a schedule of its own. `PENDING`: it stays in line, because the endpoint
 * takes nothing; the cursor must not pass it.
 */
export interface DeliveryResult {
  webhookId: string;
  sessionId: string;
  seq: number;
  status: 'DELIVERED' | 'RETRYING' | 'FAILED' | 'PENDING';
  /** `false`: it was put back behind an earlier event of its chat, and not sent. */
  isAttempt: boolean;
  /** How often it was refused itself, this time included. */
  refusals: number;
  /** Milliseconds since the end of the attempt. */
  ageMs: number;
  /** Milliseconds from the request to the answer. */
  durationMs?: number | undefined;
  /** With `RETRYING` and `PENDING`: milliseconds from its end to the next attempt. */
  delayMs?: number | undefined;
  responseCode?: number | undefined;
  error?: string | undefined;
  /** The beginning of the answer to a failed attempt. */
  answer?: string | undefined;
  /** With the order of chats: what waits for it. */
  chat?: string | null | undefined;
}

/**
 * The change of a lease. `hold` renews it, and appended events get no rows. `retire` renews it, and appended events get
 * rows again. `release` ends it if the cursor is at the last event, and otherwise acts as `retire`; it is allowed once
 * every statement that began before `retire` has ended. `abandon` lets it expire now, so that another gateway takes it.
 */
export type LeaseChange = 'hold' | 'retire' | 'release' | 'abandon';

/** The part of a write about one webhook. */
export interface WebhookProgress extends Lease {
  change: LeaseChange;
  /** Up to here every wanted event has its row, those of this write included. */
  cursor: number;
  /** Attempts of this write that failed, since the last one that did not. */
  failures: number;
  /** Of the last attempt of this write that failed; `null`: none did. */
  lastError: string | null;
  /** Milliseconds since an attempt of this write delivered its event; `null`: none did. */
  deliveredAgoMs: number | null;
  /** The endpoint takes nothing; `null`: it takes events, as far as is known. */
  breaker: StoredBreaker | null;
}

/** A webhook whose lease was found and changed as asked. */
export interface WrittenWebhook {
  webhookId: string;
  isReleased: boolean;
  /** Of the session's last event. */
  lastSeq: number;
  /** As in {@link LeasedWebhook}. */
  replayedAt: number | null;
}

const WRITE = {
  name: 'write-deliveries',
  text: `WITH held AS (
    UPDATE webhooks w SET
      leased_by = CASE WHEN g.change = 'release' AND g.cursor >= c.last_seq THEN NULL ELSE w.leased_by END,
      leased_until = CASE WHEN g.change = 'abandon' THEN now() WHEN g.change = 'release' AND g.cursor >= c.last_seq THEN NULL
        ELSE ${LEASE_UNTIL} END,
      held_until = CASE WHEN g.change = 'hold' THEN ${HOLD_UNTIL} END,
      cursor = CASE WHEN g.change = 'release' AND g.cursor >= c.last_seq AND w.session_id IS NOT NULL THEN NULL ELSE g.cursor END,
      failure_count = CASE WHEN g.delivered_ago_ms IS NULL THEN w.failure_count ELSE 0 END + g.failures,
      last_error = coalesce(g.last_error, w.last_error),
      last_error_at = CASE WHEN g.last_error IS NULL THEN w.last_error_at ELSE now() END,
      last_delivery = CASE WHEN g.delivered_ago_ms IS NULL THEN w.last_delivery ELSE now() - g.delivered_ago_ms * interval '1 ms' END,
      failing_since = now() - g.failing_for_ms * interval '1 ms', failed_probes = coalesce(g.failed_probes, 0),
      probe_at = now() + g.probe_in_ms * interval '1 ms'
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::int[], $6::float8[], $16::text[], $17::float8[], $18::int[],
        $19::float8[])
        AS g(webhook_id, leased_by, change, cursor, failures, delivered_ago_ms, last_error, failing_for_ms, failed_probes,
          probe_in_ms), session_counters c
    WHERE w.id = g.webhook_id AND w.leased_by = g.leased_by AND w.is_active AND c.session_id = w.source_session_id
    RETURNING w.id AS "webhookId", w.leased_by IS NULL AS "isReleased", c.last_seq AS "lastSeq",
      (extract(epoch FROM w.replayed_at) * 1000)::float8 AS "replayedAt"
  ), recorded AS (
    INSERT INTO webhook_deliveries AS d
      (webhook_id, session_id, seq, status, attempts, refusals, next_attempt, response_code, last_error, answer, chat, duration_ms,
        delivered_at)
    SELECT r.webhook_id, r.session_id, r.seq, r.status, r.attempts, r.refusals, now() + (r.delay_ms - r.age_ms) * interval '1 ms',
      r.response_code, r.error, r.answer, r.chat, r.duration_ms,
      CASE WHEN r.status = 'DELIVERED' THEN now() - r.age_ms * interval '1 ms' END
    FROM unnest($7::uuid[], $8::uuid[], $9::bigint[], $10::"WebhookStatus"[], $11::float8[], $12::float8[], $13::int[], $14::text[],
        $15::int[], $20::int[], $21::int[], $22::text[], $23::text[])
      AS r(webhook_id, session_id, seq, status, delay_ms, age_ms, response_code, error, duration_ms, attempts, refusals, answer, chat)
    WHERE EXISTS (SELECT 1 FROM webhooks w WHERE w.id = r.webhook_id)
    ON CONFLICT (webhook_id, seq, session_id) DO UPDATE SET
      status = CASE WHEN excluded.status = 'PENDING' THEN d.status ELSE excluded.status END, attempts = d.attempts + excluded.attempts,
      refusals = excluded.refusals, next_attempt = excluded.next_attempt, response_code = excluded.response_code,
      last_error = excluded.last_error, answer = excluded.answer, chat = coalesce(excluded.chat, d.chat),
      duration_ms = coalesce(excluded.duration_ms, d.duration_ms), delivered_at = excluded.delivered_at
    WHERE d.status IN ('PENDING', 'RETRYING')
      AND NOT (excluded.status = 'DELIVERED' AND coalesce(excluded.delivered_at < d.replayed_at, false))
  )
  SELECT * FROM held`,
};

/**
 * One write for many webhooks: the results of their attempts, their cursors and their leases. A delivery must be named
 * once. A result counts whoever holds the webhook by now, because the attempt was made; what is delivered stays
 * delivered. Only two are late: that an event stays in line, when the next holder has got it out of there, and a
 * delivery from before it was asked for again. Returns the webhooks that are held on. Of the others the lease has
 * ended: another gateway has it, the webhook was changed, is inactive or gone.
 */
export async function writeDeliveries(
  db: Queryable,
  webhooks: readonly WebhookProgress[],
  results: readonly DeliveryResult[],
): Promise<WrittenWebhook[]> {
  // A change of an endpoint locks its rows in this order too.
  const inOrder = webhooks.toSorted((a, b) => (a.webhookId < b.webhookId ? -1 : 1));
  const progress = <T>(read: (webhook: WebhookProgress) => T) => inOrder.map(read);
  const result = <T>(read: (one: DeliveryResult) => T) => results.map(read);
  const { rows } = await db.query<WrittenWebhook>({
    ...WRITE,
    values: [
      progress((w) => w.webhookId),
      progress((w) => w.leasedBy),
      progress((w) => w.change),
      progress((w) => w.cursor),
      progress((w) => w.failures),
      progress((w) => w.deliveredAgoMs),
      result((r) => r.webhookId),
      result((r) => r.sessionId),
      result((r) => r.seq),
      result((r) => r.status),
      result((r) => r.delayMs ?? 0),
      result((r) => r.ageMs),
      result((r) => r.responseCode ?? null),
      result((r) => r.error ?? null),
      result((r) => (r.durationMs === undefined ? null : Math.round(r.durationMs))),
      progress((w) => w.lastError),
      progress((w) => w.breaker?.failingForMs ?? null),
      progress((w) => w.breaker?.failedProbes ?? null),
      progress((w) => w.breaker?.probeInMs ?? null),
      result((r) => (r.isAttempt ? 1 : 0)),
      result((r) => r.refusals),
      result((r) => r.answer ?? null),
      result((r) => r.chat ?? null),
    ],
  });
  return rows;
}

const SWITCHED_OFF = 'The webhook was switched off.';

const DISABLE = {
  name: 'disable-webhook',
  text: `WITH before AS (
    SELECT w.id, w.source_session_id, w.events, w.chat_types, w.chats, w.cursor FROM webhooks w
    WHERE w.endpoint_id = (SELECT endpoint_id FROM webhooks WHERE id = $1) ORDER BY w.id FOR NO KEY UPDATE
  ), disabled AS (
    UPDATE webhooks w SET is_active = false, disabled_at = now(), disabled_reason = $2::text, updated_at = now()
    FROM before WHERE w.id = before.id
  ), unseen AS (
    INSERT INTO webhook_deliveries (webhook_id, session_id, seq, status, last_error)
    SELECT w.id, e.session_id, e.seq, 'FAILED', coalesce($2, '${SWITCHED_OFF}') FROM before w
    JOIN events e ON e.session_id = w.source_session_id AND e.seq > w.cursor AND ${wantsEvent('w', 'e.type', 'e.data')}
    ON CONFLICT DO NOTHING
  )
  UPDATE webhook_deliveries d SET status = 'FAILED', last_error = coalesce($2, '${SWITCHED_OFF}')
  FROM before WHERE d.webhook_id = before.id AND d.status IN ('PENDING', 'RETRYING')`,
};

/**
 * Switches the endpoint of a webhook off, for all of its sessions, and gives up what waits for it.
 *
 * @param reason a sentence; `null`: its owner has switched it off
 */
export async function disableWebhook(db: Queryable, webhookId: string, reason: string | null): Promise<void> {
  await db.query({ ...DISABLE, values: [webhookId, reason] });
}

const GIVE_UP = {
  name: 'give-up-overdue',
  text: `WITH held AS (
    SELECT w.* FROM webhooks w WHERE w.id = $1 AND w.leased_by = $2
  ), in_line AS (
    INSERT INTO webhook_deliveries AS d (webhook_id, session_id, seq, status, last_error)
    SELECT w.id, e.session_id, e.seq, 'FAILED', $4 FROM held w
    JOIN events e ON e.session_id = w.source_session_id AND e.seq > w.cursor AND e.created_at < now() - $3 * interval '1 ms'
      AND ${wantsEvent('w', 'e.type', 'e.data')}
    ORDER BY e.seq LIMIT $5
    ON CONFLICT (webhook_id, seq, session_id) DO UPDATE SET status = 'FAILED', last_error = coalesce(d.last_error, excluded.last_error)
      WHERE d.status = 'PENDING'
    RETURNING 1
  ), on_their_own AS (
    UPDATE webhook_deliveries d SET status = 'FAILED' FROM held
    WHERE d.webhook_id = held.id AND d.status IN ('PENDING', 'RETRYING') AND d.status = 'RETRYING'
      AND coalesce(d.replayed_at, d.created_at) < now() - $3 * interval '1 ms'
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM in_line)::int AS "inLine", (SELECT count(*) FROM on_their_own)::int AS "onTheirOwn"`,
};

/**
 * Gives up what has waited for too long for an endpoint that takes nothing. Returns how many events have left the line,
 * at most `limit`, and how many that had a schedule of their own are given up.
 */
export async function giveUpOverdue(
  db: Queryable,
  { webhookId, leasedBy, olderThanMs, reason, limit }: Lease & { olderThanMs: number; reason: string; limit: number },
): Promise<{ inLine: number; onTheirOwn: number }> {
  const { rows } = await db.query<{ inLine: number; onTheirOwn: number }>({
    ...GIVE_UP,
    values: [webhookId, leasedBy, olderThanMs, reason, limit],
  });
  return rows[0]!;
}

/**
 * SQL subquery: the deliveries that webhooks `w` have not had yet, as rows (webhook_id, session_id, seq, next_attempt),
 * those of retries that are not due yet included. Without a row waits only what is behind the cursor. What waits for an
 * endpoint that takes nothing is due with the next probe, and what waits for an earlier event of its chat, with that.
 *
 * @param which a condition for `w`
 */
export const waitingDeliveries = (which: string): string => `(
    SELECT d.webhook_id, d.session_id, d.seq,
      greatest(d.next_attempt, w.probe_at, CASE WHEN d.chat IS NOT NULL THEN ${heldUpBy('d')} END) AS next_attempt
    FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
    WHERE d.status IN ('PENDING', 'RETRYING') AND ${which}
    UNION ALL
    SELECT w.id, e.session_id, e.seq, greatest(e.created_at, w.probe_at) FROM webhooks w
    JOIN events e ON e.session_id = w.source_session_id AND e.seq > w.cursor AND ${wantsEvent('w', 'e.type', 'e.data')}
    WHERE ${RELIES_ON_CURSOR} AND w.is_active AND ${which} AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d
      WHERE d.webhook_id = w.id AND d.seq = e.seq AND d.session_id = e.session_id)
  )`;

/** Of all webhooks that are not paused. */
export const WAITING_DELIVERIES = waitingDeliveries('w.paused_at IS NULL');

/** The events that an endpoint has not had yet, of all its sessions. */
export interface WebhookBacklog {
  count: number;
  /** When the oldest of them happened. */
  oldestAt: Date | null;
}

const BACKLOGS = {
  name: 'webhook-backlogs',
  text: `SELECT w.endpoint_id AS "endpointId", sum(b.count)::int AS count, min(b.oldest) AS "oldestAt"
    FROM webhooks w CROSS JOIN LATERAL (
      SELECT count(*) AS count, min(waiting.created_at) AS oldest FROM (
        (SELECT e.created_at FROM (SELECT d.session_id, d.seq FROM webhook_deliveries d
            WHERE d.webhook_id = w.id AND d.status IN ('PENDING', 'RETRYING') ORDER BY d.next_attempt LIMIT $2) AS d
          JOIN events e ON e.session_id = d.session_id AND e.seq = d.seq)
        UNION ALL
        (SELECT e.created_at FROM events e
          WHERE ${RELIES_ON_CURSOR} AND w.is_active AND e.session_id = w.source_session_id AND e.seq > w.cursor
            AND ${wantsEvent('w', 'e.type', 'e.data')} AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d
              WHERE d.webhook_id = w.id AND d.seq = e.seq AND d.session_id = e.session_id)
          ORDER BY e.seq LIMIT $2)
        LIMIT $2) AS waiting) AS b
    WHERE w.endpoint_id = ANY($1::uuid[]) AND w.source_session_id IS NOT NULL GROUP BY w.endpoint_id`,
};

/**
 * What waits for endpoints, whether they are paused or not.
 *
 * @param limit events that are counted of each session, at most
 */
export async function readBacklogs(
  db: Queryable,
  endpointIds: readonly string[],
  limit: number,
): Promise<Map<string, WebhookBacklog>> {
  if (endpointIds.length === 0) return new Map();
  const { rows } = await db.query<WebhookBacklog & { endpointId: string }>({
    ...BACKLOGS,
    values: [endpointIds, limit],
  });
  return new Map(rows.map(({ endpointId, ...backlog }) => [endpointId, backlog]));
}
