-- Whether workers write session records in two parts, which the previous version cannot open. False where that version has been; an
-- installation that begins after this migration begins with it.
ALTER TABLE "installation" ADD COLUMN IF NOT EXISTS "split_keys" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "installation" ALTER COLUMN "split_keys" SET DEFAULT true;
