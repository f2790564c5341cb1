-- A row of the outbox is changed once or twice after its insert, with fifty sessions when its page is full of others. Where its next
-- version stands on another page, the log has all of it instead of what changed. Of new pages alone; blocks no reader and no writer.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "outbox" SET (fillfactor = 60);
COMMIT;
