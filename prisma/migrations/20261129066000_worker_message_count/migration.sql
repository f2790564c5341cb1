-- Messages of a worker over all its process lives. The lease row outlives the process; the version before neither reads nor writes the column.
-- A metric of an int4 would overflow one day, and no column of a result changes its type: the larger number is a column beside it.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "worker_leases" ADD COLUMN IF NOT EXISTS "message_count" BIGINT NOT NULL DEFAULT 0;
COMMIT;

BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "worker_metrics" ADD COLUMN IF NOT EXISTS "message_total" BIGINT;
COMMIT;
