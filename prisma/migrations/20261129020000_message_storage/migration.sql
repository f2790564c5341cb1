-- Contract half of `storage_seams`, and the expand half of what comes after it: `prisma/README.md` names both. Processes of the previous
-- version go on working while and after this runs. Each transaction can be run again. Those that lock a table exclusively hold it for
-- milliseconds; the second one is a series of short transactions that lock only the rows which they change.

-- 1. A message is known by its names in `message_keys` alone. The previous version writes `kind` with every row and reads it first, so
-- that nobody needs to write `type` any more: its default is what the previous version reads as "see kind".
BEGIN;
SET LOCAL lock_timeout = '8s';
DROP TRIGGER IF EXISTS "messages_of_previous_version" ON "messages";
DROP FUNCTION IF EXISTS "complete_message_of_previous_version"();
DROP INDEX IF EXISTS "messages_session_id_chat_jid_from_me_wa_message_id_key";
ALTER TABLE "messages" ALTER COLUMN "type" SET DEFAULT 'UNKNOWN';
ALTER TABLE "messages" ADD COLUMN IF NOT EXISTS "wire_at" TIMESTAMPTZ(3);
-- Room for the three states that a message moves through, so that its versions stay on their page and no index is written.
ALTER TABLE "messages" SET (fillfactor = 90);
COMMIT;

-- 2. The kind of messages from before the column, and of placeholders that the version before the previous one has filled in. Ids grow
-- with time (uuid version 7): each step takes a part of the time between the first and the last one.
BEGIN;
CREATE OR REPLACE FUNCTION "fill_kinds"("part" INTEGER, "parts" INTEGER) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  low UUID := (SELECT "id" FROM "messages" ORDER BY "id" LIMIT 1);
  high UUID := (SELECT "id" FROM "messages" ORDER BY "id" DESC LIMIT 1);
  first_ms BIGINT := ('x' || left(replace(low::text, '-', ''), 12))::bit(48)::bigint;
  width_ms BIGINT := ('x' || left(replace(high::text, '-', ''), 12))::bit(48)::bigint - first_ms + 1;
BEGIN
  UPDATE "messages" SET "kind" = lower("type"::text)
  WHERE ("kind" IS NULL OR ("kind" = 'unknown' AND "type" <> 'UNKNOWN'))
    AND "id" >= (lpad(to_hex(first_ms + width_ms * ("part" - 1) / "parts"), 12, '0') || repeat('0', 20))::uuid
    AND "id" < (lpad(to_hex(first_ms + width_ms * "part" / "parts"), 12, '0') || repeat('0', 20))::uuid;
END $$;
COMMIT;
BEGIN; SELECT "fill_kinds"(1, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(2, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(3, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(4, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(5, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(6, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(7, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(8, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(9, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(10, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(11, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(12, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(13, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(14, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(15, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(16, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(17, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(18, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(19, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(20, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(21, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(22, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(23, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(24, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(25, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(26, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(27, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(28, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(29, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(30, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(31, 32); COMMIT;
BEGIN; SELECT "fill_kinds"(32, 32); COMMIT;
BEGIN;
DROP FUNCTION "fill_kinds"(INTEGER, INTEGER);
COMMIT;

-- 3. The check is made without a lock that a reader or writer waits for; `SET NOT NULL` believes it and reads no row.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "messages" DROP CONSTRAINT IF EXISTS "messages_kind_is_there";
ALTER TABLE "messages" ADD CONSTRAINT "messages_kind_is_there" CHECK ("kind" IS NOT NULL) NOT VALID;
COMMIT;
BEGIN;
ALTER TABLE "messages" VALIDATE CONSTRAINT "messages_kind_is_there";
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "messages" ALTER COLUMN "kind" SET NOT NULL;
ALTER TABLE "messages" DROP CONSTRAINT "messages_kind_is_there";
COMMIT;

-- 4. Two foreign keys cost each insert a query and a lock of the row that they point to. The row of the outbox is inserted by the
-- statement that inserts its message, and events under the fence, whose row the deletion of a session takes too: triggers delete both.
-- Each needs two tables exclusively, which running statements lock in either order: rather than meet them in a deadlock, it lets go
-- and asks again.
CREATE OR REPLACE FUNCTION "lock_tables"("names" TEXT[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR attempt IN 1..100 LOOP
    BEGIN
      SET LOCAL lock_timeout = '300ms';
      EXECUTE 'LOCK TABLE ' || array_to_string("names", ', ') || ' IN ACCESS EXCLUSIVE MODE';
      RETURN;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      PERFORM pg_sleep(0.1 * random());
    END;
  END LOOP;
  RAISE lock_not_available USING MESSAGE = 'The tables ' || array_to_string("names", ', ') || ' are never free: migrate when there is less to do';
END $$;
BEGIN;
SELECT "lock_tables"('{messages,outbox}');
CREATE OR REPLACE FUNCTION "delete_keys_of_messages"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "message_keys" k USING gone g
  WHERE k."session_id" = g."session_id" AND k."chat_jid" = g."chat_jid" AND k."from_me" = g."from_me"
    AND k."wa_message_id" = g."wa_message_id" AND k."message_id" = g."id";
  DELETE FROM "outbox" o USING gone g WHERE o."message_id" = g."id";
  RETURN NULL;
END $$;
ALTER TABLE "outbox" DROP CONSTRAINT IF EXISTS "outbox_message_id_fkey";
ALTER TABLE "outbox" SET (fillfactor = 80);
COMMIT;
BEGIN;
SELECT "lock_tables"('{sessions,events}');
CREATE OR REPLACE FUNCTION "delete_events_of_sessions"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "events" e USING gone g WHERE e."session_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "sessions_delete_events" AFTER DELETE ON "sessions" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_events_of_sessions"();
ALTER TABLE "events" DROP CONSTRAINT IF EXISTS "events_session_id_fkey";
COMMIT;
DROP FUNCTION "lock_tables"(TEXT[]);
