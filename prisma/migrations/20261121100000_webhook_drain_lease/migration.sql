-- AlterTable
ALTER TABLE "webhooks" ADD COLUMN     "leased_by" UUID,
ADD COLUMN     "leased_until" TIMESTAMPTZ(3);
