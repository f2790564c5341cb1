-- Which notices about people a session has told already. The version before neither reads nor writes it.
BEGIN;
SET LOCAL lock_timeout = '8s';
CREATE TABLE IF NOT EXISTS "person_notices" (
    "session_id" UUID NOT NULL,
    "notices" TEXT[] NOT NULL,

    CONSTRAINT "person_notices_pkey" PRIMARY KEY ("session_id")
);
COMMIT;
