-- What secrets inside messages are derived from: stored, so that an attempt after a change of the master key makes the same bytes.
ALTER TABLE "installation" ADD COLUMN "message_key" BYTEA;
