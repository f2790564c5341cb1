-- Expand half of a change in two steps: processes of the previous version go on working while and after this runs. `prisma/README.md`
-- names what they miss meanwhile. Each transaction can be run again and holds its lock for milliseconds.

-- 1. What was done to messages after they were sent: edits, deletions, reactions, pins. A change without `message_id` waits for its
-- message. No foreign keys, as for all that is written under the fence: triggers delete changes with their message and their session.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "message_changes" (
    "id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "message_id" UUID,
    "kind" TEXT NOT NULL,
    "wa_message_id" TEXT NOT NULL,
    "target_wa_message_id" TEXT NOT NULL,
    "target_from_me" BOOLEAN NOT NULL,
    "chat_jid" TEXT NOT NULL,
    "chat_alt_jid" TEXT,
    "from_jid" TEXT NOT NULL,
    "from_alt_jid" TEXT,
    "from_me" BOOLEAN NOT NULL,
    "by_admin" BOOLEAN NOT NULL DEFAULT false,
    "sender_name" TEXT,
    "data" JSONB NOT NULL,
    "previous" JSONB,
    "is_current" BOOLEAN NOT NULL DEFAULT false,
    "wa_timestamp" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "message_changes_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX IF NOT EXISTS "message_changes_session_id_wa_message_id_from_me_key"
  ON "message_changes"("session_id", "wa_message_id", "from_me");
CREATE INDEX IF NOT EXISTS "message_changes_message_id_idx" ON "message_changes"("message_id");
-- Asked for each message that comes in: it holds what waits, and nothing else.
CREATE INDEX IF NOT EXISTS "message_changes_waiting" ON "message_changes"("session_id", "target_wa_message_id")
  WHERE "message_id" IS NULL;
COMMIT;

-- 2. The present state of a message, and the secret that later changes of it are encrypted with.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "messages" ADD COLUMN IF NOT EXISTS "secret" BYTEA,
  ADD COLUMN IF NOT EXISTS "edited_at" TIMESTAMPTZ(3),
  ADD COLUMN IF NOT EXISTS "revoked_at" TIMESTAMPTZ(3);
CREATE OR REPLACE FUNCTION "delete_changes_of_messages"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "message_changes" c USING gone g WHERE c."message_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "messages_delete_changes" AFTER DELETE ON "messages" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_changes_of_messages"();
COMMIT;

-- 3. What waits has no message to be deleted with.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE FUNCTION "delete_changes_of_sessions"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "message_changes" c USING gone g WHERE c."session_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "sessions_delete_changes" AFTER DELETE ON "sessions" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_changes_of_sessions"();
COMMIT;
