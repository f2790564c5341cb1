-- Expand half: two tables and a nullable column, beside which the previous version goes on working. Each transaction can be run again and
-- holds its lock for milliseconds.

-- Messages of the account that did not go out from here: their receipts are matched by the id alone, as those of the outbox are.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "phone_messages" (
    "session_id" UUID NOT NULL,
    "wa_message_id" TEXT NOT NULL,
    "message_id" UUID NOT NULL,

    CONSTRAINT "phone_messages_pkey" PRIMARY KEY ("session_id", "wa_message_id")
);
CREATE TABLE IF NOT EXISTS "message_receipts" (
    "message_id" UUID NOT NULL,
    "jid" TEXT NOT NULL,
    "delivered_at" TIMESTAMPTZ(3),
    "read_at" TIMESTAMPTZ(3),
    "played_at" TIMESTAMPTZ(3),

    CONSTRAINT "message_receipts_pkey" PRIMARY KEY ("message_id", "jid")
);
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "messages" ADD COLUMN IF NOT EXISTS "recipients" INTEGER;
CREATE OR REPLACE FUNCTION "delete_receipts_of_messages"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "message_receipts" r USING gone g WHERE r."message_id" = g."id";
  DELETE FROM "phone_messages" p USING gone g
  WHERE p."session_id" = g."session_id" AND p."wa_message_id" = g."wa_message_id" AND p."message_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "messages_delete_receipts" AFTER DELETE ON "messages" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_receipts_of_messages"();
COMMIT;
