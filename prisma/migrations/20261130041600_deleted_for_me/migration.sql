-- When the account has deleted a message for itself. Null in rows of the version before, whose workers do not read it.
ALTER TABLE "messages" ADD COLUMN IF NOT EXISTS "deleted_for_me_at" TIMESTAMPTZ(3);
