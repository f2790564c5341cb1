-- Expand only: two new tables, which the version before neither reads nor writes. `prisma/README.md`.

-- CreateTable
CREATE TABLE "recoveries" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "as_of" TIMESTAMPTZ(3),
    "recovered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "report" JSONB,

    CONSTRAINT "recoveries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stale_keys" (
    "session_id" UUID NOT NULL,
    "recovery_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stale_keys_pkey" PRIMARY KEY ("session_id")
);

-- AddForeignKey
ALTER TABLE "stale_keys" ADD CONSTRAINT "stale_keys_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
