-- Expand half: two lanes and a state of the outbox more. The version before sends rows of the new lanes in the order of the enum, and leaves
-- rows in `HELD` where they are, until their session has a worker of the new version. PostgreSQL refuses a value in the transaction that adds
-- it, so that the next migration is the first to name them.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TYPE "OutboxLane" ADD VALUE IF NOT EXISTS 'URGENT' BEFORE 'INTERACTIVE';
ALTER TYPE "OutboxLane" ADD VALUE IF NOT EXISTS 'BULK' BEFORE 'CAMPAIGN';
ALTER TYPE "OutboxState" ADD VALUE IF NOT EXISTS 'HELD' BEFORE 'QUEUED';
COMMIT;
