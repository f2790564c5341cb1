-- Which transaction wrote a revocation: a reader asks for those of all transactions that had not ended when it last read, and so misses none, however late
-- one commits and however long the reader was away. Times cannot say that.
ALTER TABLE "revocations" ADD COLUMN "xact" xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE INDEX "revocations_xact_idx" ON "revocations"("xact");
