-- Times in which a session was away, and the chats whose phone is asked for what may be missing of them. Two tables of their own:
-- the version before neither reads nor writes them.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "history_gaps" (
  "session_id" UUID NOT NULL,
  "since" TIMESTAMPTZ(3) NOT NULL,
  "until" TIMESTAMPTZ(3) NOT NULL,
  "looked_to" TIMESTAMPTZ(3) NOT NULL,
  "ends_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "history_gaps_pkey" PRIMARY KEY ("session_id"),
  CONSTRAINT "history_gaps_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE IF NOT EXISTS "history_gap_chats" (
  "session_id" UUID NOT NULL,
  "chat_jid" TEXT NOT NULL,
  "since" TIMESTAMPTZ(3) NOT NULL,
  "until" TIMESTAMPTZ(3) NOT NULL,
  "state" TEXT NOT NULL DEFAULT 'waiting',
  "anchor" JSONB NOT NULL,
  "request_id" TEXT,
  "attempts" INTEGER NOT NULL DEFAULT 0,
  "rounds" INTEGER NOT NULL DEFAULT 0,
  "stored" INTEGER NOT NULL DEFAULT 0,
  "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "asked_at" TIMESTAMPTZ(3),
  CONSTRAINT "history_gap_chats_pkey" PRIMARY KEY ("session_id", "chat_jid"),
  CONSTRAINT "history_gap_chats_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX IF NOT EXISTS "history_gap_chats_open" ON "history_gap_chats" ("session_id", "not_before") WHERE "state" IN ('waiting', 'asked');
CREATE INDEX IF NOT EXISTS "history_gap_chats_asked" ON "history_gap_chats" ("asked_at") WHERE "asked_at" IS NOT NULL;
CREATE INDEX IF NOT EXISTS "history_gap_chats_request" ON "history_gap_chats" ("session_id", "request_id") WHERE "request_id" IS NOT NULL;
COMMIT;
