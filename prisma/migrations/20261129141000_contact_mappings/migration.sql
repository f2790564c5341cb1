-- Expand half: one new table, which the version before neither reads nor writes.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "contact_mappings" (
    "workspace_id" UUID NOT NULL,
    "number_jid" TEXT NOT NULL,
    "lid" TEXT NOT NULL,
    "mapped_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "contact_mappings_pkey" PRIMARY KEY ("workspace_id", "number_jid", "lid")
);
CREATE INDEX IF NOT EXISTS "contact_mappings_workspace_id_lid_idx" ON "contact_mappings"("workspace_id", "lid");
COMMIT;
