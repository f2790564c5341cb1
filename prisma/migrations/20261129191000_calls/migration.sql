-- Calls that came in. The version before neither writes nor reads them. They have no foreign key: they are erased in
-- parts with their session.
CREATE TABLE "calls" (
    "session_id" UUID NOT NULL,
    "call_id" TEXT NOT NULL,
    "caller_jid" TEXT NOT NULL,
    "chat_jid" TEXT NOT NULL,
    "is_video" BOOLEAN NOT NULL,
    "status" TEXT NOT NULL,
    "rejected_by" TEXT,
    "reply_message_id" UUID,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    CONSTRAINT "calls_pkey" PRIMARY KEY ("session_id", "call_id")
);

CREATE INDEX "calls_session_id_started_at_call_id_idx" ON "calls"("session_id", "started_at", "call_id");
CREATE INDEX "calls_started_at_idx" ON "calls"("started_at");
