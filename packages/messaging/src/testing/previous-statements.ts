/**
 * Statements of the version before the migration `message_storage`, as its processes prepare them (commit 73024b0): the
 * test of the migration runs them before and after it.
 */
export const PREVIOUS_STATEMENTS = {
  'accept-message': `WITH session AS (
    SELECT id, greatest(sessions.reachout_locked_until,
  CASE WHEN sessions.message_capping->>'status' = 'capped' THEN (sessions.message_capping->>'cycleEndsAt')::timestamptz END) AS locked_until,
    coalesce($11::bool, settings->>'onUncertain' = 'fail', false) AS fail_if_uncertain, CASE
      WHEN state = 'LOGGED_OUT' THEN 'logged-out'
      WHEN paired_at IS NULL OR state = ANY($10::"SessionState"[])
        THEN CASE WHEN state IN ('INITIALIZING', 'CONNECTING', 'PAIRING') THEN 'connecting' ELSE 'not-paired' END
      WHEN CASE WHEN greatest(sessions.reachout_locked_until,
  CASE WHEN sessions.message_capping->>'status' = 'capped' THEN (sessions.message_capping->>'cycleEndsAt')::timestamptz END) > now() THEN
    $4 NOT LIKE '%@g.us' AND NOT EXISTS (
      SELECT 1 FROM messages b WHERE b.session_id = sessions.id AND b.chat_jid = $4 AND b.state >= 'SENT'
      UNION ALL
      SELECT 1 FROM messages b WHERE b.session_id = sessions.id AND b.chat_alt_jid = $4 AND b.state >= 'SENT')
  ELSE false END THEN 'time-locked'
      ELSE 'accepted' END AS outcome
    FROM sessions WHERE id = $2
  ), message AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, type, kind, text, content, state, metadata,
      api_key_id)
    SELECT $1, id, 'OUTBOUND', $3, $4, true, $5, $14, $6, $13, 'QUEUED', $7, $12 FROM session WHERE outcome = 'accepted'
    RETURNING id
  ), keyed AS (
    INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id) SELECT $2, $4, true, $3, id FROM message
  ), queued AS (
    INSERT INTO outbox (message_id, session_id, lane, wa_message_id, chat_jid, request, not_before, fail_if_uncertain)
    SELECT message.id, $2, $8, $3, $4, $9, date_trunc('milliseconds', now()), session.fail_if_uncertain
    FROM message CROSS JOIN session
  ) SELECT outcome, locked_until AS "lockedUntil", ceil(extract(epoch FROM locked_until - now()))::int AS "lockedSeconds" FROM session`,
  'accept-message-once': `WITH session AS (
    SELECT id, greatest(sessions.reachout_locked_until,
  CASE WHEN sessions.message_capping->>'status' = 'capped' THEN (sessions.message_capping->>'cycleEndsAt')::timestamptz END) AS locked_until,
    coalesce($11::bool, settings->>'onUncertain' = 'fail', false) AS fail_if_uncertain, CASE
      WHEN state = 'LOGGED_OUT' THEN 'logged-out'
      WHEN paired_at IS NULL OR state = ANY($10::"SessionState"[])
        THEN CASE WHEN state IN ('INITIALIZING', 'CONNECTING', 'PAIRING') THEN 'connecting' ELSE 'not-paired' END
      WHEN CASE WHEN greatest(sessions.reachout_locked_until,
  CASE WHEN sessions.message_capping->>'status' = 'capped' THEN (sessions.message_capping->>'cycleEndsAt')::timestamptz END) > now() THEN
    $4 NOT LIKE '%@g.us' AND NOT EXISTS (
      SELECT 1 FROM messages b WHERE b.session_id = sessions.id AND b.chat_jid = $4 AND b.state >= 'SENT'
      UNION ALL
      SELECT 1 FROM messages b WHERE b.session_id = sessions.id AND b.chat_alt_jid = $4 AND b.state >= 'SENT')
  ELSE false END THEN 'time-locked'
      ELSE 'accepted' END AS outcome
    FROM sessions WHERE id = $2
  ), keys AS (
    INSERT INTO idempotency_keys AS k (session_id, key, request_hash, message_id, expires_at)
    SELECT s.id, given.key, $17, $1, now() + given.lifetime * interval '1 s'
    FROM session s CROSS JOIN unnest($15::text[], $16::int[]) AS given(key, lifetime)
    WHERE s.outcome = 'accepted' ORDER BY given.key
    ON CONFLICT (session_id, key) DO UPDATE SET
      request_hash = CASE WHEN k.expires_at <= now() THEN excluded.request_hash ELSE k.request_hash END,
      message_id = CASE WHEN k.expires_at <= now() THEN excluded.message_id ELSE k.message_id END,
      expires_at = CASE WHEN k.expires_at <= now() THEN excluded.expires_at ELSE k.expires_at END
    RETURNING request_hash, message_id
  ), used AS (
    SELECT * FROM keys WHERE message_id <> $1
  ), message AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, type, kind, text, content, state, metadata,
      api_key_id)
    SELECT $1, id, 'OUTBOUND', $3, $4, true, $5, $14, $6, $13, 'QUEUED', $7, $12 FROM session WHERE outcome = 'accepted' AND NOT EXISTS (SELECT 1 FROM used)
    RETURNING id
  ), keyed AS (
    INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id) SELECT $2, $4, true, $3, id FROM message
  ), queued AS (
    INSERT INTO outbox (message_id, session_id, lane, wa_message_id, chat_jid, request, not_before, fail_if_uncertain)
    SELECT message.id, $2, $8, $3, $4, $9, date_trunc('milliseconds', now()), session.fail_if_uncertain
    FROM message CROSS JOIN session
  )
  SELECT outcome, locked_until AS "lockedUntil", ceil(extract(epoch FROM locked_until - now()))::int AS "lockedSeconds", (SELECT json_agg(message_id) FROM used) AS "messageIds",
    (SELECT bool_and(request_hash = $17) FROM used) AS "isSameRequest" FROM session`,
  'find-used-keys': `SELECT json_agg(message_id) AS "messageIds", bool_and(request_hash = $3) AS "isSameRequest"
    FROM idempotency_keys WHERE session_id = $1 AND key = ANY($2) AND expires_at > now()`,
  'claim-outbox': `WITH claimed AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS c(session_id, epoch)
), fence AS (
  SELECT p.session_id, p.epoch, p.worker_id FROM session_placements p JOIN claimed c USING (session_id, epoch)
  WHERE p.state <> 'UNASSIGNED'
  ORDER BY p.session_id
  FOR SHARE OF p
), relaxed AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
  ), due AS (
    SELECT d.message_id, f.epoch, f.worker_id FROM fence f JOIN sessions s ON s.id = f.session_id
    CROSS JOIN relaxed CROSS JOIN LATERAL (
      SELECT o.message_id FROM outbox o
      WHERE o.session_id = f.session_id AND o.not_before <= now()
    AND (o.state = 'QUEUED' OR (o.state = 'SENDING' AND o.epoch < f.epoch AND NOT (o.state = 'SENDING' AND o.epoch < f.epoch AND o.fail_if_uncertain AND o.attempt_log->-1 ? 'begun')))
    AND NOT CASE WHEN greatest(s.reachout_locked_until,
  CASE WHEN s.message_capping->>'status' = 'capped' THEN (s.message_capping->>'cycleEndsAt')::timestamptz END) > now() THEN
    o.chat_jid NOT LIKE '%@g.us' AND NOT EXISTS (
      SELECT 1 FROM messages b WHERE b.session_id = s.id AND b.chat_jid = o.chat_jid AND b.state >= 'SENT'
      UNION ALL
      SELECT 1 FROM messages b WHERE b.session_id = s.id AND b.chat_alt_jid = o.chat_jid AND b.state >= 'SENT')
  ELSE false END
      ORDER BY o.lane, o.seq LIMIT $3
    ) d
  ), taken AS (
    UPDATE outbox o SET state = 'SENDING', epoch = due.epoch, attempts = o.attempts + 1,
      attempt_log = CASE WHEN o.attempts < 50 THEN o.attempt_log ELSE o.attempt_log - 1 END
        || jsonb_build_object('at', now(), 'epoch', due.epoch, 'worker', due.worker_id)
    FROM due WHERE o.message_id = due.message_id AND (o.state = 'QUEUED' OR (o.state = 'SENDING' AND o.epoch < due.epoch))
    RETURNING o.message_id, o.session_id, o.wa_message_id, o.chat_jid, o.request, o.payload, o.attempts, o.lane, o.seq,
      o.fail_if_uncertain
  )
  SELECT message_id AS "messageId", session_id AS "sessionId", wa_message_id AS "waMessageId", chat_jid AS "chatJid", request,
    payload, attempts, lane, fail_if_uncertain AS "failIfUncertain"
  FROM taken ORDER BY session_id, lane, seq`,
  'inspect-outbox': `SELECT o.session_id AS "sessionId",
      bool_or(o.not_before <= now()
    AND (o.state = 'QUEUED' OR (o.state = 'SENDING' AND o.epoch < p.epoch AND NOT (o.state = 'SENDING' AND o.epoch < p.epoch AND o.fail_if_uncertain AND o.attempt_log->-1 ? 'begun')))
    AND NOT CASE WHEN greatest(s.reachout_locked_until,
  CASE WHEN s.message_capping->>'status' = 'capped' THEN (s.message_capping->>'cycleEndsAt')::timestamptz END) > now() THEN
    o.chat_jid NOT LIKE '%@g.us' AND NOT EXISTS (
      SELECT 1 FROM messages b WHERE b.session_id = s.id AND b.chat_jid = o.chat_jid AND b.state >= 'SENT'
      UNION ALL
      SELECT 1 FROM messages b WHERE b.session_id = s.id AND b.chat_alt_jid = o.chat_jid AND b.state >= 'SENT')
  ELSE false END) AS due,
      coalesce(json_agg(json_build_object('messageId', o.message_id, 'waMessageId', o.wa_message_id))
        FILTER (WHERE o.state = 'SENDING' AND o.epoch = p.epoch), '[]') AS sending,
      coalesce(json_agg(o.wa_message_id) FILTER (WHERE (o.state = 'SENDING' AND o.epoch < p.epoch AND o.fail_if_uncertain AND o.attempt_log->-1 ? 'begun')), '[]') AS uncertain
    FROM outbox o JOIN session_placements p USING (session_id) JOIN sessions s ON s.id = o.session_id
    WHERE o.session_id = ANY($1::uuid[]) AND o.state IN ('QUEUED', 'SENDING')
    GROUP BY o.session_id`,
  'return-outbox': `WITH claimed AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS c(session_id, epoch)
), fence AS (
  SELECT p.session_id, p.epoch, p.worker_id FROM session_placements p JOIN claimed c USING (session_id, epoch)
  WHERE p.state <> 'UNASSIGNED'
  ORDER BY p.session_id
  FOR SHARE OF p
), given AS (
    SELECT * FROM unnest($3::uuid[], $4::bool[]) AS g(message_id, attempted)
  )
  UPDATE outbox o SET state = 'QUEUED', not_before = date_trunc('milliseconds', now()),
    attempts = CASE WHEN g.attempted THEN o.attempts ELSE o.attempts - 1 END,
    attempt_log = CASE WHEN g.attempted THEN o.attempt_log ELSE o.attempt_log - -1 END
  FROM fence f CROSS JOIN given g
  WHERE o.message_id = g.message_id AND o.session_id = f.session_id AND o.state = 'SENDING' AND o.epoch = f.epoch`,
  'begin-attempt': `WITH fence AS (
  SELECT session_id, epoch FROM session_placements
  WHERE session_id = $1 AND epoch = $2 AND state <> 'UNASSIGNED'
  FOR SHARE
), relaxed AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
  )
  UPDATE outbox o SET attempt_log = jsonb_set(o.attempt_log, '{-1,begun}', 'true')
  FROM fence f CROSS JOIN relaxed
  WHERE o.message_id = $3 AND o.session_id = f.session_id AND o.state = 'SENDING' AND o.epoch = f.epoch`,
  'store-payload': `WITH fence AS (
  SELECT session_id, epoch FROM session_placements
  WHERE session_id = $1 AND epoch = $2 AND state <> 'UNASSIGNED'
  FOR SHARE
), relaxed AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
  )
  UPDATE outbox o SET payload = coalesce(o.payload, $4)
  FROM fence f CROSS JOIN relaxed
  WHERE o.message_id = $3 AND o.session_id = f.session_id AND o.state = 'SENDING' AND o.epoch = f.epoch
  RETURNING o.payload`,
  'outbox-payload': `SELECT request, payload, message_id AS "messageId" FROM outbox WHERE session_id = $1 AND wa_message_id = $2`,
  'record-outcomes': `WITH claimed AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS c(session_id, epoch)
), fence AS (
  SELECT p.session_id, p.epoch, p.worker_id FROM session_placements p JOIN claimed c USING (session_id, epoch)
  WHERE p.state <> 'UNASSIGNED'
  ORDER BY p.session_id
  FOR SHARE OF p
), reported AS (
    SELECT i.* FROM unnest($3::uuid[], $4::text[], $5::"MessageState"[], $6::timestamptz[], $7::text[], $8::text[], $9::bytea[],
        $10::timestamptz[])
      AS i(session_id, wa_message_id, state, at, error_code, error_message, payload, wire_at)
    JOIN fence USING (session_id)
  ), latest AS (
    SELECT session_id, wa_message_id, max(state) AS state,
      min(at) FILTER (WHERE state >= 'SENT') AS sent_at, min(at) FILTER (WHERE state >= 'DELIVERED') AS delivered_at,
      min(at) FILTER (WHERE state >= 'READ') AS read_at,
      min(at) FILTER (WHERE state < 'SENT') AS failed_at, max(error_code) AS error_code, max(error_message) AS error_message,
      (array_agg(payload) FILTER (WHERE payload IS NOT NULL))[1] AS payload, max(wire_at) AS wire_at
    FROM reported GROUP BY session_id, wa_message_id
  ), before AS (
    SELECT m.id, m.state AS old_state, m.chat_jid, coalesce(nullif(m.kind, 'unknown'), lower(m.type::text)) AS kind, m.text,
      m.content, l.session_id, l.wa_message_id, l.state, l.failed_at, l.error_code, l.error_message, l.payload, l.wire_at,
      coalesce(m.sent_at, l.sent_at) AS sent_at,
      CASE WHEN l.delivered_at IS NOT NULL THEN greatest(l.delivered_at, coalesce(m.sent_at, l.sent_at)) END AS delivered_at,
      CASE WHEN l.read_at IS NOT NULL THEN greatest(l.read_at, m.delivered_at, coalesce(m.sent_at, l.sent_at)) END AS read_at
    FROM outbox o JOIN latest l ON o.session_id = l.session_id AND o.wa_message_id = l.wa_message_id
    JOIN messages m ON m.id = o.message_id
    WHERE l.state > m.state AND (l.state <> 'UNKNOWN' OR m.state = 'QUEUED')
    ORDER BY m.id
    FOR UPDATE OF m
  ), moved AS (
    UPDATE messages m SET state = b.state,
      sent_at = b.sent_at, delivered_at = coalesce(m.delivered_at, b.delivered_at),
      read_at = coalesce(m.read_at, b.read_at),
      error_code = CASE WHEN b.state < 'SENT' THEN b.error_code END,
      error_message = CASE WHEN b.state < 'SENT' THEN b.error_message END
    FROM before b WHERE m.id = b.id
    RETURNING m.id
  ), done AS (
    UPDATE outbox o SET state = CASE WHEN b.state < 'SENT' THEN b.state::text::"OutboxState" ELSE 'SENT' END,
      payload = coalesce(o.payload, b.payload), wire_at = coalesce(b.wire_at, o.wire_at)
    FROM before b WHERE o.message_id = b.id AND b.old_state < 'SENT'
  ), new_events AS (
    SELECT b.session_id, f.epoch, row_number() OVER (ORDER BY b.id, step.state) AS ord, step.type,
      jsonb_build_object('messageId', b.id, 'waMessageId', b.wa_message_id, 'to', b.chat_jid,
        'timestamp', extract(epoch FROM CASE step.type WHEN 'message.sent' THEN b.sent_at WHEN 'message.delivered' THEN b.delivered_at
          WHEN 'message.failed' THEN b.failed_at
          ELSE b.read_at END)::bigint)
        || CASE step.state WHEN 'SENT' THEN jsonb_strip_nulls(jsonb_build_object('chat', b.chat_jid, 'fromMe', true,
            'type', b.kind, 'text', b.text, 'content', b.content))
          WHEN 'FAILED' THEN jsonb_build_object('errorCode', b.error_code, 'error', b.error_message)
          WHEN 'UNKNOWN' THEN jsonb_build_object('errorCode', b.error_code, 'error', b.error_message, 'state', 'unknown')
          ELSE '{}' END AS data
    FROM before b JOIN fence f ON f.session_id = b.session_id
    CROSS JOIN (VALUES ('FAILED'::"MessageState", 'message.failed'), ('UNKNOWN', 'message.failed'), ('SENT', 'message.sent'),
      ('DELIVERED', 'message.delivered'), ('READ', 'message.read'), ('PLAYED', 'message.played')) AS step(state, type)
    WHERE step.state > b.old_state AND step.state <= b.state AND (step.state >= 'SENT' OR step.state = b.state)
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
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned,
    (SELECT coalesce(json_agg(json_build_object('sessionId', session_id, 'messageId', id, 'state', state)), '[]') FROM before) AS moved,
    
  (SELECT coalesce(json_agg(json_build_object('sessionId', session_id, 'seq', seq, 'type', type, 'data', data)
    ORDER BY session_id, seq), '[]') FROM appended) AS events,
  (SELECT coalesce(json_agg(DISTINCT jsonb_build_object('webhookId', webhook_id, 'sessionId', session_id)), '[]')
    FROM delivering) AS webhooks`,
  'store-inbound': `WITH claimed AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS c(session_id, epoch)
), fence AS (
  SELECT p.session_id, p.epoch, p.worker_id FROM session_placements p JOIN claimed c USING (session_id, epoch)
  WHERE p.state <> 'UNASSIGNED'
  ORDER BY p.session_id
  FOR SHARE OF p
), arrived AS (
    SELECT i.* FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::text[],
        $11::text[], $12::text[], $13::jsonb[], $14::timestamptz[], $15::"MessageDirection"[], $16::"MessageState"[], $17::bool[],
        $18::"MessageType"[])
      WITH ORDINALITY AS i(session_id, id, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, kind, text,
        content, wa_timestamp, direction, state, is_stub, type, ord)
    JOIN fence USING (session_id)
  ), keyed AS (
    INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id)
    SELECT session_id, chat_jid, from_me, wa_message_id, id FROM arrived
    ON CONFLICT (session_id, chat_jid, from_me, wa_message_id) DO NOTHING
    RETURNING message_id
  ), inserted AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, type, kind,
      text, content, state, wa_timestamp, is_stub)
    SELECT id, session_id, direction, wa_message_id, chat_jid, chat_alt_jid, from_jid, from_me, sender_name, type, kind, text, content,
      state, wa_timestamp, is_stub
    FROM arrived JOIN keyed ON keyed.message_id = arrived.id ORDER BY ord
    RETURNING id, id AS arrived_id, wa_timestamp
  ), filled AS (
    UPDATE messages m SET type = a.type, kind = a.kind, text = a.text, content = a.content,
      sender_name = coalesce(a.sender_name, m.sender_name), chat_alt_jid = coalesce(a.chat_alt_jid, m.chat_alt_jid),
      from_jid = a.from_jid, is_stub = false
    FROM (SELECT * FROM arrived WHERE NOT is_stub AND id NOT IN (SELECT message_id FROM keyed)) a
    JOIN message_keys k USING (session_id, chat_jid, from_me, wa_message_id)
    WHERE m.id = k.message_id AND m.is_stub
    RETURNING m.id, a.id AS arrived_id, m.wa_timestamp
  ), stored AS (
    SELECT * FROM inserted UNION ALL SELECT * FROM filled
  ), projected AS (
    UPDATE inbound_journal j SET projected_at = now(), stanza = NULL, plaintext = NULL
    FROM fence f JOIN unnest($19::uuid[], $20::bytea[]) AS d(session_id, hash) USING (session_id)
    WHERE j.session_id = d.session_id AND j.hash = d.hash AND j.projected_at IS NULL
  ), new_events AS (
    SELECT a.session_id, f.epoch, a.ord,
      CASE WHEN a.is_stub THEN 'message.undecryptable' WHEN s.id <> a.id THEN 'message.recovered'
        WHEN a.from_me THEN 'message.sent' ELSE 'message.received' END AS type,
      jsonb_strip_nulls(jsonb_build_object('messageId', s.id, 'waMessageId', a.wa_message_id, 'chat', a.chat_jid,
        'chatAlt', a.chat_alt_jid, 'from', a.from_jid, 'fromMe', a.from_me, 'senderName', a.sender_name, 'type', a.kind,
        'text', a.text, 'content', a.content,
        'to', CASE WHEN a.from_me AND s.id = a.id AND NOT a.is_stub THEN a.chat_jid END,
        'timestamp', extract(epoch FROM s.wa_timestamp)::bigint)) AS data
    FROM arrived a JOIN stored s ON s.arrived_id = a.id JOIN fence f ON f.session_id = a.session_id
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
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned,
    (SELECT coalesce(json_agg(id), '[]') FROM stored) AS stored, 
  (SELECT coalesce(json_agg(json_build_object('sessionId', session_id, 'seq', seq, 'type', type, 'data', data)
    ORDER BY session_id, seq), '[]') FROM appended) AS events,
  (SELECT coalesce(json_agg(DISTINCT jsonb_build_object('webhookId', webhook_id, 'sessionId', session_id)), '[]')
    FROM delivering) AS webhooks`,
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
  'find-message': `SELECT m.id, s.slug, m.direction, m.wa_message_id AS "waMessageId", m.chat_jid AS "chatJid", m.from_jid AS "fromJid",
  m.from_me AS "fromMe", m.sender_name AS "senderName", coalesce(nullif(m.kind, 'unknown'), lower(m.type::text)) AS type, m.text, m.content, CASE WHEN m.state = 'QUEUED' AND o.state = 'SENDING' THEN 'SENDING' ELSE m.state::text END AS state,
  m.error_code AS "errorCode", m.error_message AS "errorMessage", m.metadata, m.wa_timestamp AS "waTimestamp",
  m.sent_at AS "sentAt", m.delivered_at AS "deliveredAt", m.read_at AS "readAt", m.created_at AS "createdAt" FROM messages m JOIN sessions s ON s.id = m.session_id LEFT JOIN outbox o ON o.message_id = m.id
    WHERE m.id = $1 AND ($2::bool OR s.workspace_id = $3) AND ($4::uuid IS NULL OR s.id = $4)`,
  'list-messages': `SELECT page.* FROM sessions s CROSS JOIN LATERAL (
      SELECT m.id, s.slug, m.direction, m.wa_message_id AS "waMessageId", m.chat_jid AS "chatJid", m.from_jid AS "fromJid",
  m.from_me AS "fromMe", m.sender_name AS "senderName", coalesce(nullif(m.kind, 'unknown'), lower(m.type::text)) AS type, m.text, m.content, CASE WHEN m.state = 'QUEUED' AND o.state = 'SENDING' THEN 'SENDING' ELSE m.state::text END AS state,
  m.error_code AS "errorCode", m.error_message AS "errorMessage", m.metadata, m.wa_timestamp AS "waTimestamp",
  m.sent_at AS "sentAt", m.delivered_at AS "deliveredAt", m.read_at AS "readAt", m.created_at AS "createdAt" FROM messages m LEFT JOIN outbox o ON o.message_id = m.id
      WHERE m.session_id = s.id AND ($3::uuid IS NULL OR m.id >= $3) AND ($4::uuid IS NULL OR m.id < $4)
  AND ($5::"MessageDirection" IS NULL OR m.direction = $5)
  AND ($6::text IS NULL OR m.chat_jid = $6 OR m.chat_alt_jid = $6)
  AND ($7::text[] IS NULL OR CASE WHEN m.state = 'QUEUED' AND o.state = 'SENDING' THEN 'SENDING' ELSE m.state::text END = ANY($7)) ORDER BY m.id DESC LIMIT $8
    ) page WHERE s.workspace_id = $1 AND ($2::uuid IS NULL OR s.id = $2) ORDER BY page.id DESC LIMIT $8`,
  'count-messages': `SELECT count(*) AS total FROM messages m JOIN sessions s ON s.id = m.session_id LEFT JOIN outbox o ON o.message_id = m.id WHERE s.workspace_id = $1 AND ($2::uuid IS NULL OR s.id = $2) AND ($3::uuid IS NULL OR m.id >= $3) AND ($4::uuid IS NULL OR m.id < $4)
  AND ($5::"MessageDirection" IS NULL OR m.direction = $5)
  AND ($6::text IS NULL OR m.chat_jid = $6 OR m.chat_alt_jid = $6)
  AND ($7::text[] IS NULL OR CASE WHEN m.state = 'QUEUED' AND o.state = 'SENDING' THEN 'SENDING' ELSE m.state::text END = ANY($7))`,
  'timeline-queue': `SELECT o.state, o.attempts, o.attempt_log AS "attemptLog", o.wire_at AS "wireAt",
      CASE WHEN o.not_before > now() THEN o.not_before END AS "scheduledFor",
      s.state AS "sessionState", s.state_reason AS "sessionReason",
      CASE WHEN CASE WHEN greatest(s.reachout_locked_until,
  CASE WHEN s.message_capping->>'status' = 'capped' THEN (s.message_capping->>'cycleEndsAt')::timestamptz END) > now() THEN
    o.chat_jid NOT LIKE '%@g.us' AND NOT EXISTS (
      SELECT 1 FROM messages b WHERE b.session_id = s.id AND b.chat_jid = o.chat_jid AND b.state >= 'SENT'
      UNION ALL
      SELECT 1 FROM messages b WHERE b.session_id = s.id AND b.chat_alt_jid = o.chat_jid AND b.state >= 'SENT')
  ELSE false END THEN greatest(s.reachout_locked_until,
  CASE WHEN s.message_capping->>'status' = 'capped' THEN (s.message_capping->>'cycleEndsAt')::timestamptz END) END AS "lockedUntil",
      EXISTS (SELECT 1 FROM session_placements p
        JOIN worker_leases l ON l.worker_id = p.worker_id AND l.incarnation = p.incarnation
        WHERE p.session_id = o.session_id AND l.ended_at IS NULL AND l.expires_at > now()) AS "hasOwner",
      (SELECT count(*) FROM (SELECT 1 FROM outbox e
        WHERE e.session_id = o.session_id AND e.state IN ('QUEUED', 'SENDING') AND (e.lane, e.seq) < (o.lane, o.seq)
        LIMIT 1000) older) AS ahead
    FROM outbox o JOIN sessions s ON s.id = o.session_id WHERE o.message_id = $1`,
  'timeline-events': `SELECT e.seq, e.type, e.data, e.created_at AS "createdAt", d.status, d.attempts, d.next_attempt AS "nextAttempt",
      d.delivered_at AS "deliveredAt", d.response_code AS "responseCode", d.last_error AS "lastError"
    FROM events e LEFT JOIN webhooks w ON w.session_id = e.session_id
    LEFT JOIN webhook_deliveries d ON d.webhook_id = w.id AND d.session_id = e.session_id AND d.seq = e.seq
    WHERE e.data ? 'messageId' AND e.data->>'messageId' = $1 ORDER BY e.seq`,
  'analytics-messages': `SELECT m.direction, m.state, coalesce(nullif(m.kind, 'unknown'), lower(m.type::text)) AS type, count(*) FROM messages m WHERE m.id >= $1 AND m.id < $2 GROUP BY 1, 2, 3`,
};
