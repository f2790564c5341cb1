-- Search and the list of chats: tables of their own, which the jobs of the gateway fill from the events. No statement that sends or receives
-- writes them, so that the previous version goes on beside them. Each transaction can be run again and holds its locks for milliseconds.
BEGIN;
SET LOCAL lock_timeout = '8s';
-- What is searched of a message. No foreign keys in these tables: triggers delete rows with their message or session.
CREATE TABLE IF NOT EXISTS "message_search" (
    "session_id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "document" TEXT NOT NULL,
    "grams" INTEGER[] NOT NULL,

    CONSTRAINT "message_search_pkey" PRIMARY KEY ("session_id", "message_id")
);
-- A search reads the list of what is not merged yet: it is kept short.
CREATE INDEX IF NOT EXISTS "message_search_grams" ON "message_search" USING gin ("grams") WITH (fastupdate = on, gin_pending_list_limit = 1024);

CREATE TABLE IF NOT EXISTS "chats" (
    "session_id" UUID NOT NULL,
    "jid" TEXT NOT NULL,
    "alt_jid" TEXT,
    "last_message_id" UUID NOT NULL,
    "unread_count" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "chats_pkey" PRIMARY KEY ("session_id", "jid")
);
CREATE INDEX IF NOT EXISTS "chats_session_id_last_message_id_idx" ON "chats" ("session_id", "last_message_id");

CREATE TABLE IF NOT EXISTS "message_index_progress" (
    "session_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "message_index_progress_pkey" PRIMARY KEY ("session_id")
) WITH (fillfactor = 50);

-- Whoever fills the tables for a session holds this lock, until its transaction ends. Whoever deletes takes it too: otherwise a row could be made
-- of a message that is being deleted, and stay. Keys in order, so that two that lock several sessions do not meet in a deadlock.
CREATE OR REPLACE FUNCTION "lock_message_index" ("sessions" UUID[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(k.key)
  FROM (SELECT hashtextextended('message index ' || s, 0) AS key FROM unnest("sessions") AS s ORDER BY 1) AS k;
END $$;

-- A chat whose last message is gone shows the one before; one without messages is no chat.
CREATE OR REPLACE FUNCTION "delete_index_of_messages" () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM gone) THEN
    RETURN NULL;
  END IF;
  PERFORM lock_message_index(ARRAY(SELECT DISTINCT session_id FROM gone));
  DELETE FROM message_search f USING gone g WHERE f.session_id = g.session_id AND f.message_id = g.id;
  WITH ended AS (
    SELECT c.session_id, c.jid, (
      SELECT k.message_id FROM message_keys k WHERE k.session_id = c.session_id AND k.chat_jid IN (c.jid, c.alt_jid)
        AND NOT EXISTS (SELECT FROM gone g WHERE g.id = k.message_id) AND EXISTS (SELECT FROM messages m WHERE m.id = k.message_id)
      ORDER BY k.message_id DESC LIMIT 1) AS before_id
    FROM chats c JOIN gone g ON g.session_id = c.session_id AND g.id = c.last_message_id
  ), emptied AS (
    DELETE FROM chats c USING ended e WHERE c.session_id = e.session_id AND c.jid = e.jid AND e.before_id IS NULL
  )
  UPDATE chats c SET last_message_id = e.before_id FROM ended e
  WHERE c.session_id = e.session_id AND c.jid = e.jid AND e.before_id IS NOT NULL;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION "delete_index_of_sessions" () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM lock_message_index(ARRAY(SELECT id FROM gone));
  DELETE FROM message_search f USING gone g WHERE f.session_id = g.id;
  DELETE FROM chats c USING gone g WHERE c.session_id = g.id;
  DELETE FROM message_index_progress p USING gone g WHERE p.session_id = g.id;
  RETURN NULL;
END $$;
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE TRIGGER "messages_delete_search" AFTER DELETE ON "messages" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_index_of_messages" ();
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE TRIGGER "sessions_delete_index" AFTER DELETE ON "sessions" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_index_of_sessions" ();
COMMIT;

-- How long messages are kept, by tier. An installation that has messages goes on keeping all; one that begins now has the limits of the brief.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "tiers" ADD COLUMN IF NOT EXISTS "message_retention_days" INTEGER;
UPDATE "tiers" SET "message_retention_days" = 90 WHERE "message_retention_days" IS NULL AND NOT EXISTS (SELECT FROM "messages");
COMMIT;
