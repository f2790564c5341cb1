-- Expand half: that an endpoint takes nothing is one fact, what a receiver refuses itself, and deliveries that are asked for again. The
-- version before reads and writes none of it: its gateways go on with a pause for each event, and do not wait for a probe.
-- Each transaction can be run again; locks are held for milliseconds, but for the two indexes of the last one.

BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "webhooks"
  ADD COLUMN IF NOT EXISTS "failing_since" TIMESTAMPTZ(3),
  ADD COLUMN IF NOT EXISTS "failed_probes" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS "probe_at" TIMESTAMPTZ(3),
  ADD COLUMN IF NOT EXISTS "replayed_at" TIMESTAMPTZ(3),
  ADD COLUMN IF NOT EXISTS "ordering" TEXT NOT NULL DEFAULT 'session',
  ADD COLUMN IF NOT EXISTS "compat" TEXT;

-- A change of what a holder has in memory ends its lease, and what was found out about the endpoint before is worth nothing.
CREATE OR REPLACE FUNCTION "end_lease_of_changed_webhook"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."leased_by" IS NOT NULL THEN
    NEW."leased_by" := gen_random_uuid();
    NEW."leased_until" := now();
  END IF;
  NEW."held_until" := NULL;
  NEW."failing_since" := NULL;
  NEW."failed_probes" := 0;
  NEW."probe_at" := NULL;
  IF NEW."is_active" <> OLD."is_active" THEN
    NEW."cursor" := CASE WHEN NEW."session_id" IS NULL AND NEW."source_session_id" IS NOT NULL THEN
      coalesce((SELECT c."last_seq" FROM "session_counters" c WHERE c."session_id" = NEW."source_session_id"), 0) END;
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER "webhooks_end_lease" BEFORE UPDATE OF "url", "events", "secret", "is_active", "type", "chat_types", "chats",
  "configuration", "metadata", "previous_secret", "previous_secret_until", "paused_at", "ordering", "compat" ON "webhooks"
  FOR EACH ROW WHEN ((OLD."url", OLD."events", OLD."secret", OLD."is_active", OLD."type", OLD."chat_types", OLD."chats",
      OLD."configuration", OLD."metadata", OLD."previous_secret", OLD."previous_secret_until", OLD."paused_at", OLD."ordering",
      OLD."compat")
    IS DISTINCT FROM (NEW."url", NEW."events", NEW."secret", NEW."is_active", NEW."type", NEW."chat_types", NEW."chats",
      NEW."configuration", NEW."metadata", NEW."previous_secret", NEW."previous_secret_until", NEW."paused_at", NEW."ordering",
      NEW."compat"))
  EXECUTE FUNCTION "end_lease_of_changed_webhook"();

-- The row of a new session copies the order and the headers too.
CREATE OR REPLACE FUNCTION "subscribe_workspace_webhooks"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM "workspaces" WHERE "id" = NEW."workspace_id" FOR KEY SHARE;
  INSERT INTO "webhooks" ("id", "endpoint_id", "workspace_id", "source_session_id", "type", "name", "url", "events", "chat_types", "chats",
    "secret", "previous_secret", "previous_secret_until", "configuration", "metadata", "is_active", "paused_at",
    "disabled_at", "disabled_reason", "ordering", "compat", "cursor")
  SELECT gen_random_uuid(), p."id", p."workspace_id", NEW."id", p."type", p."name", p."url", p."events", p."chat_types", p."chats",
    p."secret", p."previous_secret", p."previous_secret_until", p."configuration", p."metadata", p."is_active", p."paused_at",
    p."disabled_at", p."disabled_reason", p."ordering", p."compat", 0
  FROM "webhooks" p WHERE p."workspace_id" = NEW."workspace_id" AND p."source_session_id" IS NULL FOR SHARE OF p;
  RETURN NULL;
END $$;
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "webhook_deliveries"
  ADD COLUMN IF NOT EXISTS "refusals" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS "answer" TEXT,
  ADD COLUMN IF NOT EXISTS "chat" TEXT,
  ADD COLUMN IF NOT EXISTS "replayed_at" TIMESTAMPTZ(3);
COMMIT;

-- Few rows are in either index; each is built by one reading of the table, for which writers of deliveries wait.
BEGIN;
SET LOCAL lock_timeout = '8s';
-- What an event waits for, with the order of chats.
CREATE INDEX IF NOT EXISTS "webhook_deliveries_chats" ON "webhook_deliveries" ("webhook_id", "chat", "seq")
  WHERE "status" = 'RETRYING' AND "chat" IS NOT NULL;
-- The list of what was given up, and its repetition.
CREATE INDEX IF NOT EXISTS "webhook_deliveries_failed" ON "webhook_deliveries" ("webhook_id", "seq") WHERE "status" = 'FAILED';
COMMIT;
