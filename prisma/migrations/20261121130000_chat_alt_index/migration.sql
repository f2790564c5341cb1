-- Whether a chat has begun, asked while WhatsApp's time-lock lasts: an inbound chat may be known by its LID and asked for by its number.
-- Prisma's schema language cannot say partial indexes. Only inbound messages that carry both names pay for it.
CREATE INDEX "messages_chat_alt" ON "messages"("session_id", "chat_alt_jid") WHERE "chat_alt_jid" IS NOT NULL;
