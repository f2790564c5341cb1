-- How sessions connect: their proxies, the versions of WhatsApp Web that they log in with, and how that went. Only new tables: the version
-- before goes on as it is, without proxies.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "session_connections" (
    "session_id" UUID NOT NULL,
    "proxy" BYTEA,
    "proxy_address" TEXT,
    "proxy_has_credentials" BOOLEAN NOT NULL DEFAULT false,
    "proxy_used_at" TIMESTAMPTZ(3),
    "proxy_error" TEXT,
    "proxy_error_at" TIMESTAMPTZ(3),
    "client_version" TEXT,
    "refused_version" TEXT,
    "relink_number" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_connections_pkey" PRIMARY KEY ("session_id")
);
CREATE TABLE IF NOT EXISTS "whatsapp_versions" (
    "network" "Network" NOT NULL,
    "version" TEXT,
    "candidate" TEXT,
    "candidate_percent" INTEGER NOT NULL DEFAULT 0,
    "candidate_session_ids" UUID[] NOT NULL DEFAULT ARRAY[]::UUID[],
    "rolled_back" TEXT,
    "rolled_back_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "whatsapp_versions_pkey" PRIMARY KEY ("network")
);
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "session_connections" DROP CONSTRAINT IF EXISTS "session_connections_session_id_fkey",
  ADD CONSTRAINT "session_connections_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;
