-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "UserRole" AS ENUM ('USER', 'ADMINISTRATOR');

-- CreateEnum
CREATE TYPE "UserTier" AS ENUM ('BASIC', 'PRO', 'MAX');

-- CreateEnum
CREATE TYPE "ApiKeyScope" AS ENUM ('SESSION', 'WORKSPACE', 'ADMIN');

-- CreateEnum
CREATE TYPE "Network" AS ENUM ('LIVE', 'SANDBOX');

-- CreateEnum
CREATE TYPE "DesiredState" AS ENUM ('RUNNING', 'STOPPED');

-- CreateEnum
CREATE TYPE "SessionState" AS ENUM ('INITIALIZING', 'CONNECTING', 'QR_REQUIRED', 'PAIRING_CODE', 'PAIRING', 'CONNECTED', 'RECONNECTING', 'CONFLICT', 'RESTRICTED', 'LOGGED_OUT', 'STOPPED', 'ERROR');

-- CreateEnum
CREATE TYPE "PlacementState" AS ENUM ('UNASSIGNED', 'ASSIGNED', 'RELEASING');

-- CreateEnum
CREATE TYPE "WorkerAdminState" AS ENUM ('ACTIVE', 'CORDONED', 'RETIRED');

-- CreateEnum
CREATE TYPE "WorkerRuntimeState" AS ENUM ('READY', 'DRAINING');

-- CreateEnum
CREATE TYPE "MessageDirection" AS ENUM ('INBOUND', 'OUTBOUND');

-- CreateEnum
CREATE TYPE "MessageType" AS ENUM ('TEXT', 'IMAGE', 'DOCUMENT', 'AUDIO', 'VIDEO', 'STICKER', 'LOCATION', 'CONTACT', 'POLL', 'REACTION', 'SYSTEM', 'UNKNOWN');

-- CreateEnum
CREATE TYPE "MessageState" AS ENUM ('QUEUED', 'FAILED', 'SENT', 'DELIVERED', 'READ', 'PLAYED', 'RECEIVED');

-- CreateEnum
CREATE TYPE "OutboxState" AS ENUM ('QUEUED', 'SENDING', 'SENT', 'FAILED');

-- CreateEnum
CREATE TYPE "OutboxLane" AS ENUM ('INTERACTIVE', 'CAMPAIGN');

-- CreateEnum
CREATE TYPE "WebhookStatus" AS ENUM ('PENDING', 'RETRYING', 'DELIVERED', 'FAILED');

-- CreateTable
CREATE TABLE "installation" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "key_check" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "installation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "role" "UserRole" NOT NULL DEFAULT 'USER',
    "tier" "UserTier" NOT NULL DEFAULT 'BASIC',
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "last_login_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "workspaces" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "owner_user_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "workspaces_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "session_id" UUID,
    "scope" "ApiKeyScope" NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "is_primary" BOOLEAN NOT NULL DEFAULT false,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "workers" (
    "id" TEXT NOT NULL,
    "endpoint" TEXT NOT NULL,
    "network" "Network" NOT NULL,
    "max_sessions" INTEGER NOT NULL DEFAULT 50,
    "admin_state" "WorkerAdminState" NOT NULL DEFAULT 'ACTIVE',
    "revision" TEXT NOT NULL DEFAULT '',
    "description" TEXT,
    "token_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "worker_leases" (
    "worker_id" TEXT NOT NULL,
    "incarnation" BIGINT NOT NULL,
    "runtime_state" "WorkerRuntimeState" NOT NULL DEFAULT 'READY',
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "renewed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "cpu_usage" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "memory_usage" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "event_loop_delay_ms" DOUBLE PRECISION NOT NULL DEFAULT 0,

    CONSTRAINT "worker_leases_pkey" PRIMARY KEY ("worker_id")
);

-- CreateTable
CREATE TABLE "worker_metrics" (
    "worker_id" TEXT NOT NULL,
    "minute" TIMESTAMPTZ(0) NOT NULL,
    "cpu_usage" DOUBLE PRECISION NOT NULL,
    "memory_usage" DOUBLE PRECISION NOT NULL,
    "session_count" INTEGER NOT NULL,
    "message_count" INTEGER NOT NULL,
    "uptime_seconds" INTEGER NOT NULL,

    CONSTRAINT "worker_metrics_pkey" PRIMARY KEY ("worker_id","minute")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "network" "Network" NOT NULL,
    "desired_state" "DesiredState" NOT NULL DEFAULT 'RUNNING',
    "state" "SessionState" NOT NULL DEFAULT 'INITIALIZING',
    "state_reason" TEXT,
    "state_code" TEXT,
    "phone_number" TEXT,
    "lid" TEXT,
    "push_name" TEXT,
    "paired_at" TIMESTAMPTZ(3),
    "connected_at" TIMESTAMPTZ(3),
    "last_seen_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session_placements" (
    "session_id" UUID NOT NULL,
    "epoch" BIGINT NOT NULL DEFAULT 0,
    "state" "PlacementState" NOT NULL DEFAULT 'UNASSIGNED',
    "worker_id" TEXT,
    "incarnation" BIGINT,
    "reason" TEXT NOT NULL DEFAULT 'created',
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_placements_pkey" PRIMARY KEY ("session_id")
);

-- CreateTable
CREATE TABLE "session_counters" (
    "session_id" UUID NOT NULL,
    "last_seq" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "session_counters_pkey" PRIMARY KEY ("session_id")
);

-- CreateTable
CREATE TABLE "session_keys" (
    "session_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "value" BYTEA NOT NULL,

    CONSTRAINT "session_keys_pkey" PRIMARY KEY ("session_id","kind","key_id")
);

-- CreateTable
CREATE TABLE "messages" (
    "id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "direction" "MessageDirection" NOT NULL,
    "wa_message_id" TEXT NOT NULL,
    "chat_jid" TEXT NOT NULL,
    "chat_alt_jid" TEXT,
    "from_jid" TEXT,
    "from_me" BOOLEAN NOT NULL,
    "sender_name" TEXT,
    "type" "MessageType" NOT NULL,
    "text" TEXT,
    "content" JSONB,
    "state" "MessageState" NOT NULL,
    "error_code" TEXT,
    "error_message" TEXT,
    "metadata" JSONB,
    "wa_timestamp" TIMESTAMPTZ(3),
    "sent_at" TIMESTAMPTZ(3),
    "delivered_at" TIMESTAMPTZ(3),
    "read_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "messages_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "message_id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "lane" "OutboxLane" NOT NULL DEFAULT 'INTERACTIVE',
    "state" "OutboxState" NOT NULL DEFAULT 'QUEUED',
    "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "wa_message_id" TEXT NOT NULL,
    "chat_jid" TEXT NOT NULL,
    "request" JSONB NOT NULL,
    "payload" BYTEA,
    "epoch" BIGINT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("message_id")
);

-- CreateTable
CREATE TABLE "events" (
    "session_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "epoch" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "events_pkey" PRIMARY KEY ("session_id","seq")
);

-- CreateTable
CREATE TABLE "webhooks" (
    "id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "events" TEXT[],
    "secret" BYTEA NOT NULL,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "last_delivery" TIMESTAMPTZ(3),
    "failure_count" INTEGER NOT NULL DEFAULT 0,
    "leased_by" UUID,
    "leased_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "webhook_id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "status" "WebhookStatus" NOT NULL DEFAULT 'PENDING',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "response_code" INTEGER,
    "last_error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "delivered_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("webhook_id","seq")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE INDEX "workspaces_owner_user_id_idx" ON "workspaces"("owner_user_id");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");

-- CreateIndex
CREATE INDEX "api_keys_workspace_id_idx" ON "api_keys"("workspace_id");

-- CreateIndex
CREATE INDEX "api_keys_session_id_idx" ON "api_keys"("session_id");

-- CreateIndex
CREATE UNIQUE INDEX "workers_endpoint_key" ON "workers"("endpoint");

-- CreateIndex
CREATE INDEX "sessions_user_id_idx" ON "sessions"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "sessions_workspace_id_slug_key" ON "sessions"("workspace_id", "slug");

-- CreateIndex
CREATE INDEX "session_placements_worker_id_incarnation_idx" ON "session_placements"("worker_id", "incarnation");

-- CreateIndex
CREATE INDEX "messages_session_id_id_idx" ON "messages"("session_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "messages_session_id_chat_jid_from_me_wa_message_id_key" ON "messages"("session_id", "chat_jid", "from_me", "wa_message_id");

-- CreateIndex
CREATE INDEX "outbox_session_id_wa_message_id_idx" ON "outbox"("session_id", "wa_message_id");

-- CreateIndex
CREATE UNIQUE INDEX "webhooks_session_id_key" ON "webhooks"("session_id");

-- AddForeignKey
ALTER TABLE "workspaces" ADD CONSTRAINT "workspaces_owner_user_id_fkey" FOREIGN KEY ("owner_user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "worker_leases" ADD CONSTRAINT "worker_leases_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "workers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "worker_metrics" ADD CONSTRAINT "worker_metrics_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "workers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session_placements" ADD CONSTRAINT "session_placements_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session_placements" ADD CONSTRAINT "session_placements_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "workers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session_counters" ADD CONSTRAINT "session_counters_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session_keys" ADD CONSTRAINT "session_keys_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "messages" ADD CONSTRAINT "messages_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbox" ADD CONSTRAINT "outbox_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "events" ADD CONSTRAINT "events_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_id_fkey" FOREIGN KEY ("webhook_id") REFERENCES "webhooks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_session_id_seq_fkey" FOREIGN KEY ("session_id", "seq") REFERENCES "events"("session_id", "seq") ON DELETE CASCADE ON UPDATE CASCADE;



-- What Prisma's schema language cannot say.

-- The brief's 1:1 between a session and its key: one primary key, others beside it.
CREATE UNIQUE INDEX "api_keys_one_primary_per_session" ON "api_keys"("session_id") WHERE "is_primary";

-- One row.
ALTER TABLE "installation" ADD CONSTRAINT "installation_one_row" CHECK ("id" = 1);

-- An assigned placement names an incarnation, an unassigned one names nobody.
ALTER TABLE "session_placements" ADD CONSTRAINT "session_placements_owner_matches_state"
  CHECK (("state" = 'UNASSIGNED') = ("worker_id" IS NULL) AND ("worker_id" IS NULL) = ("incarnation" IS NULL));

-- The dispatcher's question: the next rows of my sessions.
CREATE INDEX "outbox_due" ON "outbox"("session_id", "lane", "seq") WHERE "state" IN ('QUEUED', 'SENDING');

-- The webhook drain's question: what is due for this endpoint.
CREATE INDEX "webhook_deliveries_due" ON "webhook_deliveries"("webhook_id", "next_attempt") WHERE "status" IN ('PENDING', 'RETRYING');

-- Orphans for the reconciler.
CREATE INDEX "session_placements_unassigned" ON "session_placements"("changed_at") WHERE "state" = 'UNASSIGNED';
