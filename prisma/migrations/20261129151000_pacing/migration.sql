-- Expand half: nullable columns, and a table that the version before neither reads nor writes. Each transaction can be run again and holds its
-- locks for milliseconds, but for the indexes: who has many millions of rows in the outbox builds them before, by hand.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "outbox" ADD COLUMN IF NOT EXISTS "expires_at" TIMESTAMPTZ(3), ADD COLUMN IF NOT EXISTS "schedule" JSONB;
COMMIT;

-- What is not in the queue yet, in the order in which it comes into it. `outbox_due` leaves it out, so that claims do not read it.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE INDEX IF NOT EXISTS "outbox_held" ON "outbox" ("session_id", "lane", "not_before", "seq") WHERE "state" = 'HELD';
CREATE INDEX IF NOT EXISTS "outbox_expiring" ON "outbox" ("expires_at")
  WHERE "expires_at" IS NOT NULL AND "state" IN ('HELD', 'QUEUED');
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "session_pacing" (
    "session_id" UUID NOT NULL,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "next_at" TIMESTAMPTZ(3),
    "next_first_contact_at" TIMESTAMPTZ(3),
    "counted_on" DATE,
    "sent" INTEGER NOT NULL DEFAULT 0,
    "first_contacts" INTEGER NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_pacing_pkey" PRIMARY KEY ("session_id")
);
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "session_pacing" DROP CONSTRAINT IF EXISTS "session_pacing_session_id_fkey",
  ADD CONSTRAINT "session_pacing_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;
