-- Expand: the log of the workers. Triggers write it, so that what a process of the version before changes is in it too. Nothing else of
-- that version reads or writes the new columns. This part locks `worker_leases` alone, `drained_workers` then `workers`. It can be run again.

BEGIN;

CREATE TABLE IF NOT EXISTS "worker_events" (
  "seq" BIGSERIAL NOT NULL,
  "worker_id" TEXT NOT NULL,
  "type" TEXT NOT NULL,
  "data" JSONB NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT "worker_events_pkey" PRIMARY KEY ("seq")
);

-- It never waits for long in the queue of the table, where all others would wait behind it: it lets go and asks again.
DO $$ BEGIN
  FOR attempt IN 1..100 LOOP
    BEGIN
      SET LOCAL lock_timeout = '300ms';
      LOCK TABLE "worker_leases" IN ACCESS EXCLUSIVE MODE;
      RETURN;
    EXCEPTION WHEN lock_not_available THEN
      PERFORM pg_sleep(0.1 * random());
    END;
  END LOOP;
  RAISE lock_not_available USING MESSAGE = 'The table worker_leases is never free: migrate when there is less to do';
END $$;
ALTER TABLE "worker_leases" ADD COLUMN IF NOT EXISTS "offline_at" TIMESTAMPTZ(3);
-- What is over before the log begins is no news.
UPDATE "worker_leases" SET "offline_at" = coalesce("ended_at", "expires_at")
  WHERE "offline_at" IS NULL AND ("ended_at" IS NOT NULL OR "expires_at" < now());

-- The triggers that call it are deferred: the lock is the last one that their transaction takes, and is held for the commit alone. So
-- events become visible in the order of `seq`, and a reader that goes on behind the last one misses none.
CREATE OR REPLACE FUNCTION "append_worker_event"(worker text, name text, facts jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('worker events', 0));
  INSERT INTO "worker_events" ("worker_id", "type", "data") VALUES (worker, name, facts);
END $$;

-- A lease that is ended, renewed or registered again. That it has expired is noticed by a gateway, which sets `offline_at` itself.
CREATE OR REPLACE FUNCTION "date_end_of_lease"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."offline_at" := CASE WHEN NEW."ended_at" IS NOT NULL THEN coalesce(OLD."offline_at", NEW."ended_at") END;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER "worker_leases_date_end" BEFORE UPDATE ON "worker_leases" FOR EACH ROW
  WHEN (OLD."ended_at" IS DISTINCT FROM NEW."ended_at" OR (OLD."offline_at" IS NOT NULL AND NEW."expires_at" > OLD."expires_at"))
  EXECUTE FUNCTION "date_end_of_lease"();

CREATE OR REPLACE FUNCTION "log_lease"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  is_new boolean := TG_OP = 'INSERT';
  is_registered boolean := true;
  sessions bigint;
BEGIN
  IF NOT is_new THEN
    is_registered := NEW."incarnation" <> OLD."incarnation";
    sessions := (SELECT count(*) FROM "session_placements" WHERE "worker_id" = NEW."worker_id");
    IF OLD."offline_at" IS NULL AND (is_registered OR NEW."offline_at" IS NOT NULL) THEN
      PERFORM "append_worker_event"(NEW."worker_id", 'worker.offline', jsonb_build_object(
        'cause', CASE WHEN is_registered THEN 'newer incarnation' WHEN NEW."ended_at" IS NULL THEN 'lease expired' ELSE NEW."ended_reason" END,
        'incarnation', OLD."incarnation", 'sessions', sessions));
    END IF;
  END IF;
  IF NEW."offline_at" IS NOT NULL THEN
    RETURN NULL;
  END IF;
  IF is_registered OR OLD."offline_at" IS NOT NULL THEN
    PERFORM "append_worker_event"(w."id", 'worker.online', jsonb_build_object(
      'cause', CASE WHEN is_registered THEN 'registered' ELSE 'heard again' END, 'incarnation', NEW."incarnation",
      'endpoint', w."endpoint", 'network', lower(w."network"::text), 'revision', w."revision"))
    FROM "workers" w WHERE w."id" = NEW."worker_id";
  END IF;
  IF NOT is_new AND OLD."runtime_state" <> 'DRAINING' AND NEW."runtime_state" = 'DRAINING' THEN
    PERFORM "append_worker_event"(NEW."worker_id", 'worker.stopping',
      jsonb_build_object('incarnation', NEW."incarnation", 'sessions', sessions));
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS "worker_leases_log_first" ON "worker_leases";
CREATE CONSTRAINT TRIGGER "worker_leases_log_first" AFTER INSERT ON "worker_leases" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION "log_lease"();
DROP TRIGGER IF EXISTS "worker_leases_log" ON "worker_leases";
CREATE CONSTRAINT TRIGGER "worker_leases_log" AFTER UPDATE ON "worker_leases" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD."incarnation" <> NEW."incarnation" OR (OLD."offline_at" IS NULL) <> (NEW."offline_at" IS NULL)
    OR OLD."runtime_state" <> NEW."runtime_state")
  EXECUTE FUNCTION "log_lease"();

COMMIT;
