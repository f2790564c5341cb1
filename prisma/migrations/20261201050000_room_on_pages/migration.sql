-- A message is changed up to three times after its insert, with fifty sessions when its page is full of others. Where its next version
-- finds no room there, both indexes get an entry again. Of new pages alone; blocks no reader and no writer.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "messages" SET (fillfactor = 70);
COMMIT;
