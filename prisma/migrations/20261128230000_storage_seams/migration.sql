-- Expand half of a change in two steps: processes of the previous version go on working while and after this runs. `prisma/README.md`
-- names the contract half. Each transaction can be run again; the first one holds its locks for milliseconds, the second one none that a
-- writer waits for, the third one blocks writers of `webhook_deliveries` while two indexes are built.

-- 1. What a message is, as text; and names of messages, kept in step with rows that the previous version writes.
BEGIN;
SET LOCAL lock_timeout = '8s';

ALTER TABLE "messages" ADD COLUMN IF NOT EXISTS "kind" TEXT;

CREATE TABLE IF NOT EXISTS "message_keys" (
    "session_id" UUID NOT NULL,
    "chat_jid" TEXT NOT NULL,
    "from_me" BOOLEAN NOT NULL,
    "wa_message_id" TEXT NOT NULL,
    "message_id" UUID NOT NULL,

    CONSTRAINT "message_keys_pkey" PRIMARY KEY ("session_id","chat_jid","from_me","wa_message_id")
);

-- A row without `kind` was written by the previous version, which knows neither the column nor the table of names.
CREATE OR REPLACE FUNCTION "complete_message_of_previous_version"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."kind" := lower(NEW."type"::text);
  INSERT INTO "message_keys" ("session_id", "chat_jid", "from_me", "wa_message_id", "message_id")
  VALUES (NEW."session_id", NEW."chat_jid", NEW."from_me", NEW."wa_message_id", NEW."id")
  ON CONFLICT DO NOTHING;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER "messages_of_previous_version" BEFORE INSERT ON "messages"
  FOR EACH ROW WHEN (NEW."kind" IS NULL) EXECUTE FUNCTION "complete_message_of_previous_version"();

-- Instead of a foreign key, which would cost each insert a check.
CREATE OR REPLACE FUNCTION "delete_keys_of_messages"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "message_keys" k USING gone g
  WHERE k."session_id" = g."session_id" AND k."chat_jid" = g."chat_jid" AND k."from_me" = g."from_me"
    AND k."wa_message_id" = g."wa_message_id" AND k."message_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "messages_delete_keys" AFTER DELETE ON "messages" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_keys_of_messages"();

COMMIT;

-- 2. Names of the messages that were there before the trigger. Sorted, so that the index grows at its end.
BEGIN;

INSERT INTO "message_keys" ("session_id", "chat_jid", "from_me", "wa_message_id", "message_id")
SELECT "session_id", "chat_jid", "from_me", "wa_message_id", "id" FROM "messages" ORDER BY 1, 2, 3, 4
ON CONFLICT DO NOTHING;

COMMIT;

-- 3. An endpoint may see many sessions, and a deleted event finds its deliveries. `webhook_id, seq` stay in front: the previous version
-- looks for a delivery by these two. Both indexes may be built beforehand under these names with CREATE INDEX CONCURRENTLY.
BEGIN;
SET LOCAL lock_timeout = '8s';

CREATE UNIQUE INDEX IF NOT EXISTS "webhook_deliveries_key" ON "webhook_deliveries"("webhook_id", "seq", "session_id");
CREATE INDEX IF NOT EXISTS "webhook_deliveries_session_id_seq_idx" ON "webhook_deliveries"("session_id", "seq");
ALTER TABLE "webhook_deliveries" DROP CONSTRAINT "webhook_deliveries_pkey",
  ADD CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY USING INDEX "webhook_deliveries_key";

COMMIT;
