-- How accounts show their chats to themselves, labels of WhatsApp Business, starred messages, and up to where each collection of shared settings
-- was read. Only new tables, which the version before neither reads nor writes.
BEGIN;
SET LOCAL lock_timeout = '8s';

CREATE TABLE IF NOT EXISTS "chat_settings" (
    "session_id" UUID NOT NULL,
    "jid" TEXT NOT NULL,
    "is_archived" BOOLEAN NOT NULL DEFAULT false,
    "pinned_at" TIMESTAMPTZ(3),
    "muted_until" TIMESTAMPTZ(3),
    "is_marked_unread" BOOLEAN NOT NULL DEFAULT false,
    "read_up_to" UUID,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "chat_settings_pkey" PRIMARY KEY ("session_id", "jid")
);

CREATE TABLE IF NOT EXISTS "wa_labels" (
    "session_id" UUID NOT NULL,
    "label_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "color" INTEGER NOT NULL DEFAULT 0,
    "is_deleted" BOOLEAN NOT NULL DEFAULT false,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "wa_labels_pkey" PRIMARY KEY ("session_id", "label_id")
);

CREATE TABLE IF NOT EXISTS "wa_label_assignments" (
    "session_id" UUID NOT NULL,
    "label_id" TEXT NOT NULL,
    "chat_jid" TEXT NOT NULL,
    "wa_message_id" TEXT NOT NULL DEFAULT '',
    "assigned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "wa_label_assignments_pkey" PRIMARY KEY ("session_id", "label_id", "chat_jid", "wa_message_id")
);
CREATE INDEX IF NOT EXISTS "wa_label_assignments_session_id_chat_jid_idx" ON "wa_label_assignments"("session_id", "chat_jid");

CREATE TABLE IF NOT EXISTS "starred_messages" (
    "session_id" UUID NOT NULL,
    "chat_jid" TEXT NOT NULL,
    "wa_message_id" TEXT NOT NULL,
    "from_me" BOOLEAN NOT NULL,
    "starred_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "starred_messages_pkey" PRIMARY KEY ("session_id", "chat_jid", "wa_message_id", "from_me")
);

CREATE TABLE IF NOT EXISTS "settings_progress" (
    "session_id" UUID NOT NULL,
    "collection" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "version" BIGINT NOT NULL,

    CONSTRAINT "settings_progress_pkey" PRIMARY KEY ("session_id", "collection")
);
COMMIT;
