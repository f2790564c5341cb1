-- The ownership core: leases that end before their time, the journal of what arrives, idempotency keys, what an attempt leaves behind.

-- AlterEnum
ALTER TYPE "SessionState" ADD VALUE 'PASSKEY_REQUIRED' BEFORE 'CONNECTED';
ALTER TYPE "SessionState" ADD VALUE 'PASSKEY_CONFIRMATION_REQUIRED' BEFORE 'CONNECTED';
ALTER TYPE "SessionState" ADD VALUE 'STALE' BEFORE 'RECONNECTING';

-- AlterEnum
ALTER TYPE "WorkerAdminState" ADD VALUE 'DRAINING' BEFORE 'RETIRED';

-- AlterEnum. The order counts: a message only moves forward, and an acknowledgement that comes after all ends `UNKNOWN`.
ALTER TYPE "MessageState" ADD VALUE 'UNKNOWN' BEFORE 'SENT';

-- AlterEnum
ALTER TYPE "OutboxState" ADD VALUE 'UNKNOWN';

-- AlterTable
ALTER TABLE "worker_leases" ADD COLUMN     "ended_at" TIMESTAMPTZ(3),
ADD COLUMN     "ended_reason" TEXT;

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "message_capping" JSONB,
ADD COLUMN     "reachout_lock_type" TEXT,
ADD COLUMN     "reachout_locked_until" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "messages" ADD COLUMN     "is_stub" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "outbox" ADD COLUMN     "attempt_log" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "fail_if_uncertain" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "wire_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "inbound_journal" (
    "session_id" UUID NOT NULL,
    "hash" BYTEA NOT NULL,
    "stanza_id" TEXT NOT NULL,
    "enc_index" INTEGER NOT NULL,
    "enc_count" INTEGER NOT NULL,
    "stanza" BYTEA,
    "plaintext" BYTEA,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "projected_at" TIMESTAMPTZ(3),

    CONSTRAINT "inbound_journal_pkey" PRIMARY KEY ("session_id","hash")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "session_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" BYTEA NOT NULL,
    "message_id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("session_id","key")
);

-- CreateIndex
CREATE INDEX "idempotency_keys_expires_at_idx" ON "idempotency_keys"("expires_at");

-- AddForeignKey
ALTER TABLE "inbound_journal" ADD CONSTRAINT "inbound_journal_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What Prisma's schema language cannot say.

-- The replay's question: what arrived and is not a message yet.
CREATE INDEX "inbound_journal_unprojected" ON "inbound_journal"("session_id", "created_at") WHERE "projected_at" IS NULL;

-- The sweep of old rows; they are written in the order of their time.
CREATE INDEX "inbound_journal_age" ON "inbound_journal" USING brin ("created_at");

-- The timeline of a message. Message ids grow with time, so the index grows at its end.
CREATE INDEX "events_message" ON "events" (("data"->>'messageId')) WHERE "data" ? 'messageId';
