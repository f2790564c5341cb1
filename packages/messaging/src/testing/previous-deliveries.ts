/**
 * What the version before the cursor delivered with, word for word: rows are written when an event is appended, and a
 * lease lasts for one drain.
 */
export const PREVIOUS_DELIVERY_STATEMENTS = {
  'append-control-event': `WITH new_events AS (
    SELECT $1::uuid AS session_id, NULL::bigint AS epoch, 1 AS ord, $2::text AS type, $3::jsonb AS data
  ), numbered AS (
  SELECT session_id, epoch, type, data, row_number() OVER (PARTITION BY session_id ORDER BY ord) AS n FROM new_events
), counted AS (
  UPDATE session_counters c SET last_seq = c.last_seq + k.n
  FROM (SELECT session_id, count(*) AS n FROM new_events GROUP BY session_id) k
  WHERE c.session_id = k.session_id
  RETURNING c.session_id, c.last_seq - k.n AS base
), appended AS (
  INSERT INTO events (session_id, seq, type, data, epoch)
  SELECT n.session_id, c.base + n.n, n.type, n.data, n.epoch FROM numbered n JOIN counted c USING (session_id)
  RETURNING session_id, seq, type, data
), delivering AS (
  INSERT INTO webhook_deliveries (webhook_id, session_id, seq, next_attempt)
  SELECT w.id, a.session_id, a.seq, date_trunc('milliseconds', now())
  FROM appended a JOIN webhooks w ON w.session_id = a.session_id AND w.is_active AND w.events && CASE a.type
    WHEN 'message.recovered' THEN ARRAY[a.type, 'message.received', '*'] ELSE ARRAY[a.type, '*'] END
  RETURNING webhook_id, session_id
)
  SELECT (SELECT max(seq) FROM appended) AS seq`,
  'lease-due-webhooks': `WITH due AS (
    SELECT w.id FROM webhooks w
    WHERE w.is_active AND ($4::uuid IS NULL OR w.id = $4) AND (w.leased_until IS NULL OR w.leased_until < now())
      AND EXISTS (SELECT 1 FROM webhook_deliveries d
        WHERE d.webhook_id = w.id AND d.status IN ('PENDING', 'RETRYING') AND d.next_attempt <= now())
    LIMIT $2 FOR NO KEY UPDATE OF w SKIP LOCKED
  )
  UPDATE webhooks w SET leased_by = $1, leased_until = now() + $3 * interval '1 ms'
  FROM due WHERE w.id = due.id
  RETURNING w.id AS "webhookId", w.session_id AS "sessionId", w.url, w.secret, w.leased_by AS "leasedBy"`,
  'due-deliveries': `SELECT d.session_id AS "sessionId", s.slug, d.seq, e.type, e.data, e.epoch, e.created_at AS "createdAt", d.attempts, m.metadata
    FROM webhook_deliveries d JOIN events e ON e.session_id = d.session_id AND e.seq = d.seq JOIN sessions s ON s.id = d.session_id
    LEFT JOIN messages m ON m.id = (e.data->>'messageId')::uuid AND m.metadata IS NOT NULL
    WHERE d.webhook_id = $1 AND d.status = $2::"WebhookStatus" AND d.next_attempt <= now()
    ORDER BY d.seq, d.session_id LIMIT $3`,
  'record-deliveries': `WITH given AS (
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
  'release-webhook': `UPDATE webhooks w SET leased_by = NULL, leased_until = NULL WHERE id = $1 AND leased_by = $2
    RETURNING (SELECT extract(epoch FROM min(next_attempt) - now()) * 1000 FROM webhook_deliveries d
      WHERE d.webhook_id = w.id AND d.status IN ('PENDING', 'RETRYING') AND w.is_active)::float8 AS "nextDueMs"`,
} as const;
