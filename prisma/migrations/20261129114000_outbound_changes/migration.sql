-- Expand half: processes of the previous version go on working while and after this runs. `prisma/README.md` names what they miss
-- meanwhile. Each transaction can be run again and holds its lock for milliseconds.

-- 1. What becomes of a change that the API makes. Changes that come over WhatsApp have no state. The outbox row of a change has no
-- message of its own, and goes with the change.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "message_changes" ADD COLUMN IF NOT EXISTS "state" "MessageState",
  ADD COLUMN IF NOT EXISTS "error_code" TEXT,
  ADD COLUMN IF NOT EXISTS "error_message" TEXT,
  ADD COLUMN IF NOT EXISTS "api_key_id" UUID;
CREATE OR REPLACE FUNCTION "delete_outbox_of_changes"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "outbox" o USING gone g WHERE g."state" IS NOT NULL AND o."message_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "message_changes_delete_outbox" AFTER DELETE ON "message_changes" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_outbox_of_changes"();
COMMIT;

-- 2. The message that an outbox row changes. Null: the row is a message itself.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "outbox" ADD COLUMN IF NOT EXISTS "change_of" UUID;
COMMIT;
