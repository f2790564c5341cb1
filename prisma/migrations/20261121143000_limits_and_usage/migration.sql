-- Which gateways answer requests now, and how far the messages have been counted.
-- CreateTable
CREATE TABLE "gateway_replicas" (
    "id" UUID NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gateway_replicas_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "message_usage_progress" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "counted_before" TIMESTAMPTZ(0) NOT NULL,

    CONSTRAINT "message_usage_progress_pkey" PRIMARY KEY ("id")
);



-- What Prisma's schema language cannot say.

-- One row.
ALTER TABLE "message_usage_progress" ADD CONSTRAINT "message_usage_progress_single" CHECK ("id" = 1);
INSERT INTO "message_usage_progress" ("counted_before") VALUES ('2000-01-01T00:00:00Z');
