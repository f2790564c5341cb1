-- Expand half: a table of its own, triggers that note work in the place of triggers that do it, and fewer foreign keys. The previous version
-- goes on working beside it; `prisma/README.md` names what it misses meanwhile. Each transaction can be run again and holds its locks for
-- milliseconds.

-- 1. Deletions: what was asked for, and what is gone for its readers and still has rows.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "deletions" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "kind" TEXT NOT NULL,
    "subject" UUID NOT NULL,
    "workspace_id" UUID,
    "user_id" UUID,
    "name" TEXT NOT NULL DEFAULT '',
    "state" TEXT NOT NULL,
    "request" JSONB,
    "step" INTEGER NOT NULL DEFAULT 0,
    "pass" INTEGER NOT NULL DEFAULT 1,
    "rows_deleted" BIGINT NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "deletions_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "deletions_kind" CHECK ("kind" IN ('session', 'workspace', 'user', 'webhook')),
    CONSTRAINT "deletions_state" CHECK ("state" IN ('requested', 'erasing', 'done'))
);
CREATE UNIQUE INDEX IF NOT EXISTS "deletions_subject_kind_key" ON "deletions"("subject", "kind");
CREATE INDEX IF NOT EXISTS "deletions_workspace_id_idx" ON "deletions"("workspace_id");
-- What a jobs process looks for each second.
CREATE INDEX IF NOT EXISTS "deletions_open" ON "deletions"("not_before") WHERE "state" <> 'done';

-- Whatever deletes one of these rows, a cascade too, leaves the rest as work.
CREATE OR REPLACE FUNCTION "note_deletions_of_sessions"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "deletions" AS d ("kind", "subject", "workspace_id", "name", "state", "removed_at")
  SELECT 'session', g."id", g."workspace_id", g."slug", 'erasing', now() FROM gone g
  ON CONFLICT ("subject", "kind") DO UPDATE SET "state" = 'erasing', "removed_at" = now(), "not_before" = now(), "request" = NULL, "last_error" = NULL;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION "note_deletions_of_workspaces"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "deletions" AS d ("kind", "subject", "workspace_id", "name", "state", "removed_at")
  SELECT 'workspace', g."id", g."id", g."name", 'erasing', now() FROM gone g
  ON CONFLICT ("subject", "kind") DO UPDATE SET "state" = 'erasing', "removed_at" = now(), "not_before" = now(), "request" = NULL, "last_error" = NULL;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION "note_deletions_of_users"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "deletions" AS d ("kind", "subject", "state", "removed_at")
  SELECT 'user', g."id", 'erasing', now() FROM gone g
  ON CONFLICT ("subject", "kind") DO UPDATE SET "state" = 'erasing', "removed_at" = now(), "not_before" = now(), "request" = NULL, "last_error" = NULL;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION "note_deletions_of_webhooks"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "deletions" AS d ("kind", "subject", "state", "removed_at")
  SELECT 'webhook', g."id", 'erasing', now() FROM gone g
  ON CONFLICT ("subject", "kind") DO UPDATE SET "state" = 'erasing', "removed_at" = now(), "not_before" = now(), "request" = NULL, "last_error" = NULL;
  RETURN NULL;
END $$;
COMMIT;

-- 2. One table at a time: the note takes the place of the triggers that deleted everything in one statement.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE TRIGGER "sessions_note_deletions" AFTER DELETE ON "sessions" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "note_deletions_of_sessions"();
DROP TRIGGER IF EXISTS "sessions_delete_events" ON "sessions";
DROP TRIGGER IF EXISTS "sessions_delete_changes" ON "sessions";
DROP TRIGGER IF EXISTS "sessions_delete_chat_timers" ON "sessions";
DROP TRIGGER IF EXISTS "sessions_delete_media" ON "sessions";
DROP TRIGGER IF EXISTS "sessions_delete_media_uploads" ON "sessions";
DROP TRIGGER IF EXISTS "sessions_delete_index" ON "sessions";
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE TRIGGER "workspaces_note_deletions" AFTER DELETE ON "workspaces" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "note_deletions_of_workspaces"();
DROP TRIGGER IF EXISTS "workspaces_delete_media" ON "workspaces";
-- A deleted session is looked for in it.
CREATE INDEX IF NOT EXISTS "workspaces_default_session_id_idx" ON "workspaces"("default_session_id");
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE TRIGGER "users_note_deletions" AFTER DELETE ON "users" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "note_deletions_of_users"();
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE TRIGGER "webhooks_note_deletions" AFTER DELETE ON "webhooks" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "note_deletions_of_webhooks"();
DROP TRIGGER IF EXISTS "webhooks_delete_deliveries" ON "webhooks";
COMMIT;
BEGIN;
DROP FUNCTION IF EXISTS "delete_events_of_sessions"();
DROP FUNCTION IF EXISTS "delete_changes_of_sessions"();
DROP FUNCTION IF EXISTS "delete_chat_timers_of_sessions"();
DROP FUNCTION IF EXISTS "delete_media_of_sessions"();
DROP FUNCTION IF EXISTS "delete_media_uploads_of_sessions"();
DROP FUNCTION IF EXISTS "delete_index_of_sessions"();
DROP FUNCTION IF EXISTS "delete_media_of_workspaces"();
DROP FUNCTION IF EXISTS "delete_deliveries_of_webhooks"();
COMMIT;

-- 3. Foreign keys through which one statement would delete rows without number. They also cost each insert a query and a lock of the row that
-- they point to. Owners write under the fence, whose row a deletion takes too; the accept locks the session itself. Each needs two tables
-- exclusively, which running statements lock in either order: rather than meet them in a deadlock, it lets go and asks again.
CREATE OR REPLACE FUNCTION "drop_foreign_key"("tab" TEXT, "con" TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR attempt IN 1..100 LOOP
    BEGIN
      SET LOCAL lock_timeout = '200ms';
      EXECUTE format('ALTER TABLE %I DROP CONSTRAINT IF EXISTS %I', "tab", "con");
      RETURN;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      PERFORM pg_sleep(0.1 * random());
    END;
  END LOOP;
  RAISE lock_not_available USING MESSAGE = 'The table ' || "tab" || ' is never free: migrate when there is less to do';
END $$;
BEGIN;
SELECT "drop_foreign_key"('messages', 'messages_session_id_fkey');
COMMIT;
BEGIN;
SELECT "drop_foreign_key"('session_keys', 'session_keys_session_id_fkey');
COMMIT;
BEGIN;
SELECT "drop_foreign_key"('inbound_journal', 'inbound_journal_session_id_fkey');
COMMIT;
BEGIN;
SELECT "drop_foreign_key"('idempotency_keys', 'idempotency_keys_session_id_fkey');
COMMIT;
BEGIN;
SELECT "drop_foreign_key"('session_contacts', 'session_contacts_session_id_fkey');
COMMIT;
BEGIN;
SELECT "drop_foreign_key"('contact_merges', 'contact_merges_session_id_fkey');
COMMIT;
BEGIN;
SELECT "drop_foreign_key"('message_chat_statistics', 'message_chat_statistics_session_id_fkey');
COMMIT;
BEGIN;
SELECT "drop_foreign_key"('contacts', 'contacts_workspace_id_fkey');
COMMIT;
BEGIN;
SELECT "drop_foreign_key"('number_checks', 'number_checks_workspace_id_fkey');
COMMIT;
BEGIN;
SELECT "drop_foreign_key"('contact_profiles', 'contact_profiles_workspace_id_fkey');
COMMIT;
DROP FUNCTION "drop_foreign_key"(TEXT, TEXT);

-- 4. Days that events and their deliveries are kept, by tier. An installation that has events goes on keeping all.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "tiers" ADD COLUMN IF NOT EXISTS "event_retention_days" INTEGER;
UPDATE "tiers" SET "event_retention_days" = 30 WHERE "event_retention_days" IS NULL AND NOT EXISTS (SELECT FROM "events");
COMMIT;
