-- Messages of before the linking. The column has a constant default, so that no row is written; the version before neither reads nor writes it, and
-- stores no such messages. The other tables are new; their foreign keys lock `sessions` for the moment in which their triggers are made.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "messages" ADD COLUMN IF NOT EXISTS "is_history" BOOLEAN NOT NULL DEFAULT false;
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "history_syncs" (
  "session_id" UUID NOT NULL,
  "depth" TEXT NOT NULL DEFAULT 'none',
  "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "working_until" TIMESTAMPTZ(3),
  CONSTRAINT "history_syncs_pkey" PRIMARY KEY ("session_id"),
  CONSTRAINT "history_syncs_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX IF NOT EXISTS "history_syncs_working" ON "history_syncs" ("working_until") WHERE "working_until" IS NOT NULL;

CREATE TABLE IF NOT EXISTS "history_chunks" (
  "id" UUID NOT NULL,
  "session_id" UUID NOT NULL,
  "fingerprint" BYTEA NOT NULL,
  "kind" TEXT NOT NULL,
  "chunk_order" INTEGER,
  "progress" INTEGER,
  "reference" JSONB,
  "payload" BYTEA,
  "state" TEXT NOT NULL DEFAULT 'waiting',
  "attempts" INTEGER NOT NULL DEFAULT 0,
  "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "found" INTEGER NOT NULL DEFAULT 0,
  "stored" INTEGER NOT NULL DEFAULT 0,
  "chats" INTEGER NOT NULL DEFAULT 0,
  "error" TEXT,
  "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "finished_at" TIMESTAMPTZ(3),
  CONSTRAINT "history_chunks_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "history_chunks_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX IF NOT EXISTS "history_chunks_session_id_fingerprint_key" ON "history_chunks" ("session_id", "fingerprint");
CREATE INDEX IF NOT EXISTS "history_chunks_waiting" ON "history_chunks" ("session_id", "received_at") WHERE "state" = 'waiting';

CREATE TABLE IF NOT EXISTS "message_index_waiting" (
  "session_id" UUID NOT NULL,
  "message_id" UUID NOT NULL,
  CONSTRAINT "message_index_waiting_pkey" PRIMARY KEY ("session_id", "message_id")
);
COMMIT;
