-- Expand half: a table of its own, beside which the previous version goes on working. The transaction can be run again and holds its
-- lock for milliseconds.

-- Where a session has uploaded a file to WhatsApp. The same file is not uploaded again while WhatsApp has it; a lost row costs an upload.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "media_uploads" (
    "session_id" UUID NOT NULL,
    "sha256" BYTEA NOT NULL,
    "media_type" TEXT NOT NULL,
    "upload" JSONB NOT NULL,
    "uploaded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "media_uploads_pkey" PRIMARY KEY ("session_id", "sha256", "media_type")
);
CREATE INDEX IF NOT EXISTS "media_uploads_uploaded_at_idx" ON "media_uploads" ("uploaded_at");
CREATE OR REPLACE FUNCTION "delete_media_uploads_of_sessions"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "media_uploads" u USING gone g WHERE u."session_id" = g."id";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "sessions_delete_media_uploads" AFTER DELETE ON "sessions" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "delete_media_uploads_of_sessions"();
COMMIT;
