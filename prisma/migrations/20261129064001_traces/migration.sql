-- The trace that a message or an event belongs to. Columns without a default: nothing is rewritten, and what the version
-- before writes has none. One table at a time, each for milliseconds.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "outbox" ADD COLUMN IF NOT EXISTS "trace" TEXT;
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "events" ADD COLUMN IF NOT EXISTS "trace" TEXT;
COMMIT;
