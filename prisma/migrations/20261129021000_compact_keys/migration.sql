-- Whether workers write session records in the compact form, which the previous version cannot read. False where that version has
-- been; an installation that begins after this migration begins with it.
ALTER TABLE "installation" ADD COLUMN IF NOT EXISTS "compact_keys" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "installation" ALTER COLUMN "compact_keys" SET DEFAULT true;
