-- Expand half of a change in two steps: processes of the previous version go on working while and after this runs. `prisma/README.md`
-- names the contract half. Each transaction can be run again, locks one table and holds its lock for milliseconds; the last one locks
-- two, and gives up before a client that holds one of them and waits for the other could.

-- 1. The cursor of a webhook.
BEGIN;
SET LOCAL lock_timeout = '8s';

-- Up to `cursor` every event that the webhook wants has its row. Without a cursor all that waits is rows. Until `held_until` a gateway
-- promises to look at the events behind the cursor: whoever appends some writes no rows.
ALTER TABLE "webhooks" ADD COLUMN IF NOT EXISTS "cursor" BIGINT,
  ADD COLUMN IF NOT EXISTS "held_until" TIMESTAMPTZ(3);
-- The row is updated at each write of results: the new version of it stays in its page.
ALTER TABLE "webhooks" SET (fillfactor = 50);

CREATE OR REPLACE FUNCTION "delete_deliveries_of_webhooks"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "webhook_deliveries" d USING gone g WHERE d."webhook_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "webhooks_delete_deliveries" AFTER DELETE ON "webhooks" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_deliveries_of_webhooks"();

-- A change of what a holder has in memory ends its lease, whichever version makes the change. The lease counts as run out, not as
-- released: somebody looks behind the cursor. What happened while the webhook was off is not kept.
CREATE OR REPLACE FUNCTION "end_lease_of_changed_webhook"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."leased_by" IS NOT NULL THEN
    NEW."leased_by" := gen_random_uuid();
    NEW."leased_until" := now();
  END IF;
  NEW."held_until" := NULL;
  IF NEW."is_active" <> OLD."is_active" THEN
    NEW."cursor" := NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER "webhooks_end_lease" BEFORE UPDATE OF "url", "events", "secret", "is_active" ON "webhooks"
  FOR EACH ROW WHEN ((OLD."url", OLD."events", OLD."secret", OLD."is_active")
    IS DISTINCT FROM (NEW."url", NEW."events", NEW."secret", NEW."is_active"))
  EXECUTE FUNCTION "end_lease_of_changed_webhook"();

-- A gateway of the previous version delivers rows and nothing else: its lease, which knows no `held_until`, makes them.
CREATE OR REPLACE FUNCTION "make_rows_for_previous_version"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "webhook_deliveries" ("webhook_id", "session_id", "seq", "next_attempt")
  SELECT NEW."id", e."session_id", e."seq", date_trunc('milliseconds', now()) FROM "events" e
  WHERE e."session_id" = NEW."session_id" AND e."seq" > OLD."cursor" AND NEW."events" && CASE e."type"
    WHEN 'message.recovered' THEN ARRAY[e."type", 'message.received', '*'] ELSE ARRAY[e."type", '*'] END
  ON CONFLICT DO NOTHING;
  NEW."cursor" := NULL;
  NEW."held_until" := NULL;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER "webhooks_of_previous_version" BEFORE UPDATE OF "leased_by" ON "webhooks"
  FOR EACH ROW WHEN (NEW."leased_by" IS NOT NULL AND NEW."leased_by" IS DISTINCT FROM OLD."leased_by"
    AND OLD."cursor" IS NOT NULL AND NEW."held_until" IS NOT DISTINCT FROM OLD."held_until")
  EXECUTE FUNCTION "make_rows_for_previous_version"();

COMMIT;

-- 2. How long the receiver took for the last attempt.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "webhook_deliveries" ADD COLUMN IF NOT EXISTS "duration_ms" INTEGER;
COMMIT;

-- 3. Triggers delete deliveries with their webhook or event, instead of foreign keys, which cost each insert two checks and two row
-- locks, and of the index that one of them needs.
BEGIN;
SET LOCAL lock_timeout = '8s';

CREATE OR REPLACE FUNCTION "delete_deliveries_of_events"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "webhook_deliveries" d USING gone g JOIN "webhooks" w ON w."session_id" = g."session_id"
  WHERE d."webhook_id" = w."id" AND d."session_id" = g."session_id" AND d."seq" = g."seq";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "events_delete_deliveries" AFTER DELETE ON "events" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_deliveries_of_events"();

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
DROP INDEX IF EXISTS "webhook_deliveries_session_id_seq_idx";
COMMIT;

-- PostgreSQL ends a deadlock after a second, by failing one of its parties: a wait of a fifth of that is never the reason for one.
BEGIN;
SET LOCAL lock_timeout = '200ms';
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['webhook_deliveries_session_id_seq_fkey', 'webhook_deliveries_webhook_id_fkey'] LOOP
    FOR attempt IN 1..100 LOOP
      BEGIN
        EXECUTE format('ALTER TABLE "webhook_deliveries" DROP CONSTRAINT IF EXISTS %I', name);
        EXIT;
      EXCEPTION WHEN lock_not_available THEN
        IF attempt = 100 THEN
          RAISE;
        END IF;
        PERFORM pg_sleep(0.1);
      END;
    END LOOP;
  END LOOP;
END $$;
COMMIT;
