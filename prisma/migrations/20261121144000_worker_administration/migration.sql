-- AlterTable
ALTER TABLE "workers" ADD COLUMN     "has_provisional_id" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "max_sessions_set" INTEGER;

-- CreateTable
CREATE TABLE "removed_workers" (
    "worker_id" TEXT NOT NULL,
    "incarnation" BIGINT NOT NULL,
    "is_barred" BOOLEAN NOT NULL,
    "removed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "removed_workers_pkey" PRIMARY KEY ("worker_id")
);
