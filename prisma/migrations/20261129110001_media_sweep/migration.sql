-- Expand half: a nullable column, beside which the previous version goes on working. It can be run again and holds its lock for milliseconds.

-- When the media store was last compared with the tables.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "installation" ADD COLUMN IF NOT EXISTS "media_swept_at" TIMESTAMPTZ(3);
COMMIT;
