-- What the dashboard shows of weeks and months, counted from the messages hour by hour. New tables; a trigger of `messages` keeps them true where
-- an outcome comes after its message was counted, whichever version writes it.
BEGIN;
SET LOCAL lock_timeout = '8s';

CREATE TABLE IF NOT EXISTS "message_statistics" (
  "session_id" UUID NOT NULL,
  "unit" TEXT NOT NULL,
  "begins_on" DATE NOT NULL,
  "sent" BIGINT NOT NULL DEFAULT 0,
  "received" BIGINT NOT NULL DEFAULT 0,
  "failed" BIGINT NOT NULL DEFAULT 0,
  "timed" BIGINT NOT NULL DEFAULT 0,
  "response_ms" DOUBLE PRECISION NOT NULL DEFAULT 0,
  CONSTRAINT "message_statistics_pkey" PRIMARY KEY ("session_id", "unit", "begins_on"),
  CONSTRAINT "message_statistics_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE IF NOT EXISTS "message_response_statistics" (
  "session_id" UUID NOT NULL,
  "unit" TEXT NOT NULL,
  "begins_on" DATE NOT NULL,
  "bucket" SMALLINT NOT NULL,
  "count" BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT "message_response_statistics_pkey" PRIMARY KEY ("session_id", "unit", "begins_on", "bucket"),
  CONSTRAINT "message_response_statistics_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE IF NOT EXISTS "message_chat_statistics" (
  "session_id" UUID NOT NULL,
  "unit" TEXT NOT NULL,
  "begins_on" DATE NOT NULL,
  "chat_jid" TEXT NOT NULL,
  "name" TEXT,
  "sent" BIGINT NOT NULL DEFAULT 0,
  "received" BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT "message_chat_statistics_pkey" PRIMARY KEY ("session_id", "unit", "begins_on", "chat_jid"),
  CONSTRAINT "message_chat_statistics_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE IF NOT EXISTS "message_failure_statistics" (
  "session_id" UUID NOT NULL,
  "unit" TEXT NOT NULL,
  "begins_on" DATE NOT NULL,
  "code" TEXT NOT NULL,
  "reason" TEXT,
  "count" BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT "message_failure_statistics_pkey" PRIMARY KEY ("session_id", "unit", "begins_on", "code"),
  CONSTRAINT "message_failure_statistics_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE IF NOT EXISTS "message_statistics_progress" (
  "id" INTEGER NOT NULL DEFAULT 1,
  "counted_before" TIMESTAMPTZ(0) NOT NULL,
  CONSTRAINT "message_statistics_progress_pkey" PRIMARY KEY ("id")
);
INSERT INTO "message_statistics_progress" ("id", "counted_before") VALUES (1, '2000-01-01T00:00:00Z') ON CONFLICT ("id") DO NOTHING;

-- The time in a uuidv7, whose first 48 bits are milliseconds.
CREATE OR REPLACE FUNCTION "message_time" ("id" UUID) RETURNS TIMESTAMPTZ LANGUAGE SQL IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_timestamp(('x' || substr(replace("id"::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0)
$$;

-- The clocks of gateway and worker may differ by a little: nothing takes less than no time. Null where nothing was sent; greatest() ignores nulls.
CREATE OR REPLACE FUNCTION "message_response_ms" ("created_at" TIMESTAMPTZ, "sent_at" TIMESTAMPTZ) RETURNS DOUBLE PRECISION
LANGUAGE SQL IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN "sent_at" IS NOT NULL THEN greatest(0, extract(epoch FROM "sent_at" - "created_at") * 1000)::double precision END
$$;

-- Bucket 0 is below 1 ms; bucket n begins at 1.06 ^ (n - 1) ms. Null where nothing was sent.
CREATE OR REPLACE FUNCTION "message_response_bucket" ("ms" DOUBLE PRECISION) RETURNS SMALLINT LANGUAGE SQL IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN "ms" IS NULL THEN NULL WHEN "ms" < 1 THEN 0 ELSE 1 + floor(ln("ms") / ln(1.06::double precision)) END::smallint
$$;

-- A message that was counted gets another outcome: its old one is taken out, its new one is added. The lock of the progress row orders this with the
-- counting of hours, which holds it exclusively: either the counting sees the new state, or this sees that the message was counted.
CREATE OR REPLACE FUNCTION "count_late_outcome" () RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
  boundary TIMESTAMPTZ;
  at TIMESTAMPTZ := message_time(NEW.id);
  was_sent INTEGER := (OLD.state IN ('SENT', 'DELIVERED', 'READ', 'PLAYED'))::int;
  is_sent INTEGER := (NEW.state IN ('SENT', 'DELIVERED', 'READ', 'PLAYED'))::int;
  had_failed INTEGER := (OLD.state IN ('FAILED', 'UNKNOWN'))::int;
  has_failed INTEGER := (NEW.state IN ('FAILED', 'UNKNOWN'))::int;
  old_ms DOUBLE PRECISION := message_response_ms(OLD.created_at, OLD.sent_at);
  new_ms DOUBLE PRECISION := message_response_ms(NEW.created_at, NEW.sent_at);
BEGIN
  SELECT counted_before INTO boundary FROM message_statistics_progress WHERE id = 1 FOR SHARE;
  IF boundary IS NULL OR at >= boundary THEN
    RETURN NULL;
  END IF;
  INSERT INTO message_statistics AS s (session_id, unit, begins_on, sent, failed, timed, response_ms)
    SELECT NEW.session_id, u.unit, date_trunc(u.unit, at AT TIME ZONE 'UTC')::date, is_sent - was_sent, has_failed - had_failed,
      (new_ms IS NOT NULL)::int - (old_ms IS NOT NULL)::int, coalesce(new_ms, 0) - coalesce(old_ms, 0)
    FROM (VALUES ('month'), ('week')) AS u (unit)
    ON CONFLICT (session_id, unit, begins_on) DO UPDATE SET sent = s.sent + excluded.sent, failed = s.failed + excluded.failed,
      timed = s.timed + excluded.timed, response_ms = s.response_ms + excluded.response_ms;
  IF old_ms IS DISTINCT FROM new_ms THEN
    INSERT INTO message_response_statistics AS s (session_id, unit, begins_on, bucket, count)
      SELECT NEW.session_id, u.unit, date_trunc(u.unit, at AT TIME ZONE 'UTC')::date, c.bucket, sum(c.count)
      FROM (VALUES ('month'), ('week')) AS u (unit),
        (VALUES (message_response_bucket(old_ms), -1), (message_response_bucket(new_ms), 1)) AS c (bucket, count)
      WHERE c.bucket IS NOT NULL GROUP BY 2, 3, 4
      ON CONFLICT (session_id, unit, begins_on, bucket) DO UPDATE SET count = s.count + excluded.count;
  END IF;
  IF had_failed = 1 OR has_failed = 1 THEN
    INSERT INTO message_failure_statistics AS s (session_id, unit, begins_on, code, reason, count)
      SELECT NEW.session_id, u.unit, date_trunc(u.unit, at AT TIME ZONE 'UTC')::date, c.code, max(c.reason), sum(c.count)
      FROM (VALUES ('month'), ('week')) AS u (unit),
        (VALUES (coalesce(OLD.error_code, ''), NULL, -had_failed), (coalesce(NEW.error_code, ''), NEW.error_message, has_failed)) AS c (code, reason, count)
      WHERE c.count <> 0 GROUP BY 2, 3, 4
      ON CONFLICT (session_id, unit, begins_on, code) DO UPDATE SET count = s.count + excluded.count,
        reason = greatest(s.reason, excluded.reason);
  END IF;
  RETURN NULL;
END
$$;
COMMIT;

-- Only messages that may have been counted: an hour is counted 20 minutes after its end, at the earliest. The first outcome of nearly all messages comes
-- before, and costs the comparison of two times.
BEGIN;
SET LOCAL lock_timeout = '8s';
DROP TRIGGER IF EXISTS "messages_late_outcome" ON "messages";
CREATE TRIGGER "messages_late_outcome" AFTER UPDATE OF "state", "sent_at", "error_code" ON "messages" FOR EACH ROW
WHEN (
  message_time(OLD.id) < now() - interval '5 minutes' AND OLD.direction = 'OUTBOUND' AND (
    (OLD.state IN ('SENT', 'DELIVERED', 'READ', 'PLAYED')) IS DISTINCT FROM (NEW.state IN ('SENT', 'DELIVERED', 'READ', 'PLAYED'))
    OR (OLD.state IN ('FAILED', 'UNKNOWN')) IS DISTINCT FROM (NEW.state IN ('FAILED', 'UNKNOWN'))
    OR OLD.sent_at IS DISTINCT FROM NEW.sent_at
    OR (NEW.state IN ('FAILED', 'UNKNOWN') AND OLD.error_code IS DISTINCT FROM NEW.error_code)
  )
)
EXECUTE FUNCTION "count_late_outcome" ();
COMMIT;
