-- Groups as sessions know them: read from WhatsApp, kept by its notices. The version before neither reads nor writes them.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "groups" (
    "session_id" UUID NOT NULL,
    "jid" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "facts" JSONB NOT NULL,
    "participants" JSONB NOT NULL,
    "participant_count" INTEGER NOT NULL,
    "is_member" BOOLEAN NOT NULL,
    "own_role" TEXT,
    "is_stale" BOOLEAN NOT NULL DEFAULT false,
    "read_at" TIMESTAMPTZ(3),
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "notices" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "groups_pkey" PRIMARY KEY ("session_id","jid")
);

-- When the whole list was read last.
ALTER TABLE "sessions" ADD COLUMN IF NOT EXISTS "groups_read_at" TIMESTAMPTZ(3);
COMMIT;
