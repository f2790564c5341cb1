-- Expand half: nullable columns and a table of their own, beside which the previous version goes on working. Each transaction can be run
-- again and holds its lock for milliseconds.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "messages" ADD COLUMN IF NOT EXISTS "context" JSONB;
COMMIT;

-- The timer of disappearing messages of a direct chat, under each name of the chat. Groups have theirs in their metadata.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "chat_timers" (
    "session_id" UUID NOT NULL,
    "chat_jid" TEXT NOT NULL,
    "seconds" INTEGER NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "chat_timers_pkey" PRIMARY KEY ("session_id", "chat_jid")
);
CREATE OR REPLACE FUNCTION "delete_chat_timers_of_sessions"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "chat_timers" t USING gone g WHERE t."session_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "sessions_delete_chat_timers" AFTER DELETE ON "sessions" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_chat_timers_of_sessions"();
COMMIT;
