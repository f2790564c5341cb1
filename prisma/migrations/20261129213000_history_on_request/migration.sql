-- Older messages of a chat, asked for on request. The column has no default, so that no row is written; the version before neither reads nor writes it.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "history_chunks" ADD COLUMN IF NOT EXISTS "request_id" TEXT;
COMMIT;
