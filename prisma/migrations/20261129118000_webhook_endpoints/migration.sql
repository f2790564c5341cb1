-- Expand half: many webhooks per session, and webhooks of a whole workspace. Processes of the previous version go on working while and
-- after this runs: they know the webhook that has "session_id", one per session, and no other. Each transaction can be run again and
-- holds its locks for milliseconds.

-- 1. A row is what delivers the events of one session to one endpoint, with a lease and a cursor. "endpoint_id" names the endpoint:
-- the row itself, or the endpoint of the workspace whose definition the row copies. An endpoint of a workspace is a row without a
-- session, which delivers nothing.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "webhooks" ALTER COLUMN "session_id" DROP NOT NULL,
  ADD COLUMN IF NOT EXISTS "endpoint_id" UUID,
  ADD COLUMN IF NOT EXISTS "workspace_id" UUID,
  ADD COLUMN IF NOT EXISTS "source_session_id" UUID,
  ADD COLUMN IF NOT EXISTS "type" TEXT NOT NULL DEFAULT 'http',
  ADD COLUMN IF NOT EXISTS "name" TEXT,
  ADD COLUMN IF NOT EXISTS "chat_types" TEXT[],
  ADD COLUMN IF NOT EXISTS "chats" TEXT[],
  ADD COLUMN IF NOT EXISTS "configuration" BYTEA,
  ADD COLUMN IF NOT EXISTS "metadata" JSONB,
  ADD COLUMN IF NOT EXISTS "previous_secret" BYTEA,
  ADD COLUMN IF NOT EXISTS "previous_secret_until" TIMESTAMPTZ(3),
  ADD COLUMN IF NOT EXISTS "paused_at" TIMESTAMPTZ(3),
  ADD COLUMN IF NOT EXISTS "disabled_at" TIMESTAMPTZ(3),
  ADD COLUMN IF NOT EXISTS "disabled_reason" TEXT,
  ADD COLUMN IF NOT EXISTS "last_error" TEXT,
  ADD COLUMN IF NOT EXISTS "last_error_at" TIMESTAMPTZ(3);

-- Whoever writes a row with "session_id" alone, as the previous version does, makes the primary webhook of that session.
CREATE OR REPLACE FUNCTION "complete_primary_webhook"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT "workspace_id" INTO NEW."workspace_id" FROM "sessions" WHERE "id" = NEW."session_id";
  IF NOT FOUND THEN
    RAISE foreign_key_violation USING MESSAGE = 'the session of the webhook is gone', CONSTRAINT = 'webhooks_session_id_fkey';
  END IF;
  NEW."endpoint_id" := NEW."id";
  NEW."source_session_id" := NEW."session_id";
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER "webhooks_complete_primary" BEFORE INSERT ON "webhooks"
  FOR EACH ROW WHEN (NEW."endpoint_id" IS NULL) EXECUTE FUNCTION "complete_primary_webhook"();
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
UPDATE "webhooks" w SET "endpoint_id" = w."id", "source_session_id" = w."session_id", "workspace_id" = s."workspace_id"
FROM "sessions" s WHERE s."id" = w."session_id" AND w."endpoint_id" IS NULL;
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "webhooks" ALTER COLUMN "endpoint_id" SET NOT NULL, ALTER COLUMN "workspace_id" SET NOT NULL;
CREATE INDEX IF NOT EXISTS "webhooks_endpoint_id_idx" ON "webhooks" ("endpoint_id");
CREATE INDEX IF NOT EXISTS "webhooks_source_session_id_idx" ON "webhooks" ("source_session_id");
CREATE INDEX IF NOT EXISTS "webhooks_workspace_id_source_session_id_idx" ON "webhooks" ("workspace_id", "source_session_id");
COMMIT;

-- 2. A row that is not the primary one always has a cursor: the previous version writes no rows for it. Switched on, it begins with the
-- events from then on. What a holder has in memory has grown.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE FUNCTION "end_lease_of_changed_webhook"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."leased_by" IS NOT NULL THEN
    NEW."leased_by" := gen_random_uuid();
    NEW."leased_until" := now();
  END IF;
  NEW."held_until" := NULL;
  IF NEW."is_active" <> OLD."is_active" THEN
    NEW."cursor" := CASE WHEN NEW."session_id" IS NULL AND NEW."source_session_id" IS NOT NULL THEN
      coalesce((SELECT c."last_seq" FROM "session_counters" c WHERE c."session_id" = NEW."source_session_id"), 0) END;
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER "webhooks_end_lease" BEFORE UPDATE OF "url", "events", "secret", "is_active", "type", "chat_types", "chats",
  "configuration", "metadata", "previous_secret", "previous_secret_until", "paused_at" ON "webhooks"
  FOR EACH ROW WHEN ((OLD."url", OLD."events", OLD."secret", OLD."is_active", OLD."type", OLD."chat_types", OLD."chats",
      OLD."configuration", OLD."metadata", OLD."previous_secret", OLD."previous_secret_until", OLD."paused_at")
    IS DISTINCT FROM (NEW."url", NEW."events", NEW."secret", NEW."is_active", NEW."type", NEW."chat_types", NEW."chats",
      NEW."configuration", NEW."metadata", NEW."previous_secret", NEW."previous_secret_until", NEW."paused_at"))
  EXECUTE FUNCTION "end_lease_of_changed_webhook"();

-- A gateway that delivers rows and nothing else cannot have a webhook that relies on its cursor.
CREATE OR REPLACE FUNCTION "make_rows_for_previous_version"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."session_id" IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO "webhook_deliveries" ("webhook_id", "session_id", "seq", "next_attempt")
  SELECT NEW."id", e."session_id", e."seq", date_trunc('milliseconds', now()) FROM "events" e
  WHERE e."session_id" = NEW."session_id" AND e."seq" > OLD."cursor" AND NEW."events" && CASE e."type"
    WHEN 'message.recovered' THEN ARRAY[e."type", 'message.received', '*'] ELSE ARRAY[e."type", '*'] END
  ON CONFLICT DO NOTHING;
  NEW."cursor" := NULL;
  NEW."held_until" := NULL;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION "delete_deliveries_of_events"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "webhook_deliveries" d USING gone g JOIN "webhooks" w ON w."source_session_id" = g."session_id"
  WHERE d."webhook_id" = w."id" AND d."session_id" = g."session_id" AND d."seq" = g."seq";
  RETURN NULL;
END $$;
COMMIT;

-- 3. A new session gets its rows for the endpoints of its workspace, whichever version creates it. Who makes such an endpoint locks the
-- workspace for update, and so waits for sessions that are being created; who changes one locks its row first.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE FUNCTION "subscribe_workspace_webhooks"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM "workspaces" WHERE "id" = NEW."workspace_id" FOR KEY SHARE;
  INSERT INTO "webhooks" ("id", "endpoint_id", "workspace_id", "source_session_id", "type", "name", "url", "events", "chat_types", "chats",
    "secret", "previous_secret", "previous_secret_until", "configuration", "metadata", "is_active", "paused_at",
    "disabled_at", "disabled_reason", "cursor")
  SELECT gen_random_uuid(), p."id", p."workspace_id", NEW."id", p."type", p."name", p."url", p."events", p."chat_types", p."chats",
    p."secret", p."previous_secret", p."previous_secret_until", p."configuration", p."metadata", p."is_active", p."paused_at",
    p."disabled_at", p."disabled_reason", 0
  FROM "webhooks" p WHERE p."workspace_id" = NEW."workspace_id" AND p."source_session_id" IS NULL FOR SHARE OF p;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "sessions_subscribe_webhooks" AFTER INSERT ON "sessions"
  FOR EACH ROW EXECUTE FUNCTION "subscribe_workspace_webhooks"();
COMMIT;

-- 4. What goes, takes its webhooks along. PostgreSQL ends a deadlock after a second, by failing one of its parties: a wait of a fifth of
-- that is never the reason for one. One transaction each, so that no lock is held while the next one is waited for.
CREATE OR REPLACE FUNCTION "add_webhooks_fkey"(source text, target text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM pg_constraint WHERE conname = format('webhooks_%s_fkey', source)) THEN
    RETURN;
  END IF;
  FOR attempt IN 1..100 LOOP
    BEGIN
      EXECUTE format('ALTER TABLE "webhooks" ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %I ("id") ON DELETE CASCADE ON UPDATE CASCADE',
        format('webhooks_%s_fkey', source), source, target);
      EXIT;
    EXCEPTION WHEN lock_not_available THEN
      IF attempt = 100 THEN
        RAISE;
      END IF;
      PERFORM pg_sleep(0.1);
    END;
  END LOOP;
END $$;
BEGIN;
SET LOCAL lock_timeout = '200ms';
SELECT "add_webhooks_fkey"('endpoint_id', 'webhooks');
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '200ms';
SELECT "add_webhooks_fkey"('workspace_id', 'workspaces');
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '200ms';
SELECT "add_webhooks_fkey"('source_session_id', 'sessions');
COMMIT;
DROP FUNCTION "add_webhooks_fkey"(text, text);
