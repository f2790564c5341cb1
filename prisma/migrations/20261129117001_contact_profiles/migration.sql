-- Expand half: one new table, which the version before neither reads nor writes. What WhatsApp said of pictures and businesses when it was
-- asked: nobody asks again for a while.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "contact_profiles" (
    "workspace_id" UUID NOT NULL,
    "jid" TEXT NOT NULL,
    "picture_url" TEXT,
    "business" JSONB,
    "checked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "contact_profiles_pkey" PRIMARY KEY ("workspace_id", "jid")
);
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "contact_profiles" DROP CONSTRAINT IF EXISTS "contact_profiles_workspace_id_fkey",
  ADD CONSTRAINT "contact_profiles_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;
