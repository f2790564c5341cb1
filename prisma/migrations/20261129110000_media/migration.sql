-- Expand half: tables of their own, columns with constant defaults, and triggers. The previous version goes on working beside it. Each
-- transaction can be run again and holds its lock for milliseconds.

-- 1. Files that were uploaded or came in messages. No foreign keys, as for all that is written under the fence: triggers delete media with
-- their message, their session and their workspace. The sweep of the jobs removes files to which no media leads any more.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "media" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "session_id" UUID,
    "message_id" UUID,
    "direction" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "file_id" UUID,
    "sha256" BYTEA,
    "size" BIGINT,
    "mimetype" TEXT,
    "file_name" TEXT,
    "facts" JSONB,
    "wa" JSONB,
    "error_code" TEXT,
    "error_message" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "media_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "media_direction" CHECK ("direction" IN ('upload', 'inbound')),
    CONSTRAINT "media_status" CHECK ("status" IN ('pending', 'ready', 'expired', 'failed'))
);
CREATE INDEX IF NOT EXISTS "media_workspace_id_id_idx" ON "media"("workspace_id", "id");
CREATE INDEX IF NOT EXISTS "media_session" ON "media"("session_id", "id") WHERE "session_id" IS NOT NULL;
CREATE INDEX IF NOT EXISTS "media_message" ON "media"("message_id") WHERE "message_id" IS NOT NULL;
CREATE INDEX IF NOT EXISTS "media_file" ON "media"("file_id") WHERE "file_id" IS NOT NULL;
CREATE INDEX IF NOT EXISTS "media_expiring" ON "media"("expires_at") WHERE "file_id" IS NOT NULL;

-- The same bytes lie once per workspace.
CREATE TABLE IF NOT EXISTS "media_files" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "sha256" BYTEA NOT NULL,
    "size" BIGINT NOT NULL,
    "storage_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "media_files_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX IF NOT EXISTS "media_files_workspace_id_sha256_key" ON "media_files"("workspace_id", "sha256");
CREATE UNIQUE INDEX IF NOT EXISTS "media_files_storage_key_key" ON "media_files"("storage_key");
-- The bytes that a workspace stores, out of the index alone.
CREATE INDEX IF NOT EXISTS "media_files_usage" ON "media_files"("workspace_id") INCLUDE ("size");

-- What the owner of a session has yet to fetch from WhatsApp.
CREATE TABLE IF NOT EXISTS "media_downloads" (
    "media_id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "epoch" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "media_downloads_pkey" PRIMARY KEY ("media_id")
);
CREATE INDEX IF NOT EXISTS "media_downloads_session_id_not_before_idx" ON "media_downloads"("session_id", "not_before");

-- Uploads that come in parts. Each part is a file of the store, until the last one has come: then the upload is a media under its id.
CREATE TABLE IF NOT EXISTS "resumable_uploads" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "session_id" UUID,
    "length" BIGINT NOT NULL,
    "received" BIGINT NOT NULL DEFAULT 0,
    "parts" JSONB NOT NULL DEFAULT '[]',
    "file_name" TEXT,
    "mimetype" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "resumable_uploads_pkey" PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "resumable_uploads_workspace_id_idx" ON "resumable_uploads"("workspace_id");
CREATE INDEX IF NOT EXISTS "resumable_uploads_expires_at_idx" ON "resumable_uploads"("expires_at");

CREATE OR REPLACE FUNCTION "delete_downloads_of_media"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "media_downloads" d USING gone g WHERE d."media_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "media_delete_downloads" AFTER DELETE ON "media" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_downloads_of_media"();
COMMIT;

-- 2. What tiers allow.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "tiers" ADD COLUMN IF NOT EXISTS "media_bytes" BIGINT NOT NULL DEFAULT 1073741824,
  ADD COLUMN IF NOT EXISTS "media_max_bytes" BIGINT NOT NULL DEFAULT 104857600,
  ADD COLUMN IF NOT EXISTS "media_retention_days" INTEGER NOT NULL DEFAULT 30;
UPDATE "tiers" SET "media_bytes" = 10737418240 WHERE "tier" = 'PRO' AND "media_bytes" = 1073741824;
UPDATE "tiers" SET "media_bytes" = 107374182400 WHERE "tier" = 'MAX' AND "media_bytes" = 1073741824;
COMMIT;

-- 3. Which media store the processes share.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "installation" ADD COLUMN IF NOT EXISTS "media_store" TEXT,
  ADD COLUMN IF NOT EXISTS "media_store_seen_at" TIMESTAMPTZ(3);
COMMIT;

-- 4. Deletion, one table at a time.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE FUNCTION "delete_media_of_messages"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "media" m USING gone g WHERE m."message_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "messages_delete_media" AFTER DELETE ON "messages" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_media_of_messages"();
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE FUNCTION "delete_media_of_sessions"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "media" m USING gone g WHERE m."session_id" = g."id";
  DELETE FROM "resumable_uploads" u USING gone g WHERE u."session_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "sessions_delete_media" AFTER DELETE ON "sessions" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_media_of_sessions"();
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE OR REPLACE FUNCTION "delete_media_of_workspaces"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "media" m USING gone g WHERE m."workspace_id" = g."id";
  DELETE FROM "resumable_uploads" u USING gone g WHERE u."workspace_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "workspaces_delete_media" AFTER DELETE ON "workspaces" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_media_of_workspaces"();
COMMIT;
