-- Expand: the other half of the log of the workers, what administrators do with them. It locks `workers` alone. It can be run again.

BEGIN;
-- It never waits for long in the queue of the table, where all others would wait behind it: it lets go and asks again.
DO $$ BEGIN
  FOR attempt IN 1..100 LOOP
    BEGIN
      SET LOCAL lock_timeout = '300ms';
      LOCK TABLE "workers" IN ACCESS EXCLUSIVE MODE;
      RETURN;
    EXCEPTION WHEN lock_not_available THEN
      PERFORM pg_sleep(0.1 * random());
    END;
  END LOOP;
  RAISE lock_not_available USING MESSAGE = 'The table workers is never free: migrate when there is less to do';
END $$;
ALTER TABLE "workers" ADD COLUMN IF NOT EXISTS "drained_at" TIMESTAMPTZ(3);
-- What is empty before the log begins is no news.
UPDATE "workers" w SET "drained_at" = now() WHERE "admin_state" IN ('DRAINING', 'MAINTENANCE', 'RETIRED') AND "drained_at" IS NULL
  AND NOT EXISTS (SELECT FROM "session_placements" p WHERE p."worker_id" = w."id");

CREATE OR REPLACE FUNCTION "forget_drained"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."drained_at" := NULL;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER "workers_forget_drained" BEFORE UPDATE ON "workers" FOR EACH ROW
  WHEN (OLD."admin_state" <> NEW."admin_state") EXECUTE FUNCTION "forget_drained"();

CREATE OR REPLACE FUNCTION "log_worker"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM "append_worker_event"(NEW."id", 'worker.added', jsonb_build_object(
      'endpoint', NEW."endpoint", 'network', lower(NEW."network"::text), 'maxSessions', NEW."max_sessions"));
  ELSIF TG_OP = 'DELETE' THEN
    -- The worker that was expected at this endpoint has come, under an id of its own.
    IF NOT EXISTS (SELECT FROM "workers" WHERE "endpoint" = OLD."endpoint") THEN
      PERFORM "append_worker_event"(OLD."id", 'worker.removed',
        jsonb_build_object('endpoint', OLD."endpoint", 'network', lower(OLD."network"::text)));
    END IF;
  ELSIF OLD."admin_state" <> NEW."admin_state" THEN
    PERFORM "append_worker_event"(NEW."id", 'worker.state',
      jsonb_build_object('before', lower(OLD."admin_state"::text), 'after', lower(NEW."admin_state"::text)));
  ELSE
    PERFORM "append_worker_event"(NEW."id", 'worker.drained', jsonb_build_object('state', lower(NEW."admin_state"::text)));
  END IF;
  RETURN NULL;
END $$;
-- One that registers has a token; only an administrator adds one without.
DROP TRIGGER IF EXISTS "workers_log_added" ON "workers";
CREATE CONSTRAINT TRIGGER "workers_log_added" AFTER INSERT ON "workers" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW."token_hash" IS NULL) EXECUTE FUNCTION "log_worker"();
DROP TRIGGER IF EXISTS "workers_log" ON "workers";
CREATE CONSTRAINT TRIGGER "workers_log" AFTER UPDATE ON "workers" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD."admin_state" <> NEW."admin_state" OR (OLD."drained_at" IS NULL AND NEW."drained_at" IS NOT NULL))
  EXECUTE FUNCTION "log_worker"();
DROP TRIGGER IF EXISTS "workers_log_removed" ON "workers";
CREATE CONSTRAINT TRIGGER "workers_log_removed" AFTER DELETE ON "workers" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION "log_worker"();

COMMIT;
