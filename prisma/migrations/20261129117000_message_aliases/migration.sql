-- Expand half: one new table, which the version before neither reads nor writes. Each transaction can be run again and holds its lock for
-- milliseconds.

-- Ids of messages that turned out to be another one: the same message, under another name of its chat. They still find it.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "message_aliases" (
    "id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "chat_jid" TEXT NOT NULL,

    CONSTRAINT "message_aliases_pkey" PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "message_aliases_message_id_idx" ON "message_aliases"("message_id");
COMMIT;

-- Such a message has a row of `message_keys` for each name of its chat. The trigger for keys deletes that of its own chat, this one the others.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE FUNCTION "delete_aliases_of_messages"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH aliases AS (
    DELETE FROM "message_aliases" a USING gone g WHERE a."message_id" = g."id"
    RETURNING a."message_id", a."chat_jid", g."session_id", g."from_me", g."wa_message_id"
  )
  DELETE FROM "message_keys" k USING aliases a
  WHERE k."session_id" = a."session_id" AND k."chat_jid" = a."chat_jid" AND k."from_me" = a."from_me"
    AND k."wa_message_id" = a."wa_message_id" AND k."message_id" = a."message_id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "messages_delete_aliases" AFTER DELETE ON "messages" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_aliases_of_messages"();
COMMIT;
