-- The risk score of sessions with its history, and what pauses broadcasts by it. Only new tables and nullable columns: the version before
-- neither computes a score nor reads one. Each transaction can be run again and holds its locks for milliseconds.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "session_risk" (
    "session_id" UUID NOT NULL,
    "score" INTEGER NOT NULL DEFAULT 0,
    "level" TEXT NOT NULL DEFAULT 'low',
    "level_since" TIMESTAMPTZ(3),
    "reasons" JSONB NOT NULL DEFAULT '[]',
    "assessed_at" TIMESTAMPTZ(3),
    "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "locked_at" TIMESTAMPTZ(3),
    "guarded_since" TIMESTAMPTZ(3),

    CONSTRAINT "session_risk_pkey" PRIMARY KEY ("session_id")
);
CREATE TABLE IF NOT EXISTS "session_risk_history" (
    "session_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "score" INTEGER NOT NULL,
    "level" TEXT NOT NULL,
    "signals" JSONB NOT NULL,

    CONSTRAINT "session_risk_history_pkey" PRIMARY KEY ("session_id", "at")
);
-- The sweep of what is old.
CREATE INDEX IF NOT EXISTS "session_risk_history_at_idx" ON "session_risk_history"("at");
ALTER TABLE "session_risk_history" DROP CONSTRAINT IF EXISTS "session_risk_history_session_id_fkey",
  ADD CONSTRAINT "session_risk_history_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "session_risk"("session_id") ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "broadcasts" ADD COLUMN IF NOT EXISTS "reason" TEXT, ADD COLUMN IF NOT EXISTS "risk_accepted_at" TIMESTAMPTZ(3);
COMMIT;

-- The foreign key locks `sessions` for the moment in which its trigger is made.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "session_risk" DROP CONSTRAINT IF EXISTS "session_risk_session_id_fkey",
  ADD CONSTRAINT "session_risk_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;
