-- Since when a version of WhatsApp Web is tried, and when sessions logged in last and were refused last: only
-- logins of the trial count in it. One table at a time.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "whatsapp_versions" ADD COLUMN IF NOT EXISTS "candidate_since" TIMESTAMPTZ(3);
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "session_connections" ADD COLUMN IF NOT EXISTS "opened_at" TIMESTAMPTZ(3),
  ADD COLUMN IF NOT EXISTS "refused_at" TIMESTAMPTZ(3);
COMMIT;
