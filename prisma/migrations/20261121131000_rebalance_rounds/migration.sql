-- When sessions were last asked to leave this worker because it had too much to do: rounds are 30 s apart, whichever gateway makes them.
ALTER TABLE "workers" ADD COLUMN "rebalanced_at" TIMESTAMPTZ(3);
