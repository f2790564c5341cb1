-- An expired lease whose process came back: who fell silent at the same time has probably had the same trouble and comes back, too.
ALTER TABLE "worker_leases" ADD COLUMN "revived_at" TIMESTAMPTZ(3),
ADD COLUMN "silent_since" TIMESTAMPTZ(3);
