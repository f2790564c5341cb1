-- Expand half: one more index, which holds the few messages that were not sent. It is built in an instant: it reads `outbox` once. Updates of
-- the outbox go on as before: the state is in the condition of `outbox_due` already.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE INDEX IF NOT EXISTS "outbox_unsent" ON "outbox"("session_id", "message_id") WHERE "state" IN ('FAILED', 'UNKNOWN');
COMMIT;
