-- Broadcasts with their recipients, who does not want any, and rules that answer keywords. Only new tables: the previous version goes on as it
-- is. `prisma/README.md` says what it does not see.
BEGIN;
SET LOCAL lock_timeout = '8s';

CREATE TABLE IF NOT EXISTS "broadcasts" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'draft',
    "session_ids" UUID[] NOT NULL,
    "messages" JSONB NOT NULL,
    "metadata" JSONB,
    "api_key_id" UUID,
    "scheduled_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "waits_for" TEXT,
    "waits_until" TIMESTAMPTZ(3),
    "total" INTEGER NOT NULL DEFAULT 0,
    "pending" INTEGER NOT NULL DEFAULT 0,
    "queued" INTEGER NOT NULL DEFAULT 0,
    "sent" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "unknown" INTEGER NOT NULL DEFAULT 0,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "cancelled" INTEGER NOT NULL DEFAULT 0,
    "invalid" INTEGER NOT NULL DEFAULT 0,
    "told_done" INTEGER NOT NULL DEFAULT 0,
    "told_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "broadcasts_pkey" PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "broadcasts_workspace_id_id_idx" ON "broadcasts"("workspace_id", "id");
-- What the jobs look at: those that are on their way, and those that wait for their time.
CREATE INDEX IF NOT EXISTS "broadcasts_open" ON "broadcasts"("id") WHERE "ended_at" IS NULL AND "status" <> 'draft';

CREATE TABLE IF NOT EXISTS "broadcast_recipients" (
    "broadcast_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "line" INTEGER,
    "given" TEXT NOT NULL,
    "jid" TEXT,
    "person" TEXT NOT NULL,
    "name" TEXT,
    "variables" JSONB,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "reason" TEXT,
    "session_id" UUID,
    "variant" INTEGER,
    "message_id" UUID,
    "not_before" TIMESTAMPTZ(3),
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "broadcast_recipients_pkey" PRIMARY KEY ("broadcast_id", "position")
);
-- Nobody is written to twice: a person has one row.
CREATE UNIQUE INDEX IF NOT EXISTS "broadcast_recipients_broadcast_id_person_key" ON "broadcast_recipients"("broadcast_id", "person");
CREATE INDEX IF NOT EXISTS "broadcast_recipients_pending" ON "broadcast_recipients"("broadcast_id", "session_id", "position") WHERE "state" = 'pending';
CREATE INDEX IF NOT EXISTS "broadcast_recipients_queued" ON "broadcast_recipients"("broadcast_id") WHERE "state" = 'queued';
CREATE INDEX IF NOT EXISTS "broadcast_recipients_broadcast_id_jid_idx" ON "broadcast_recipients"("broadcast_id", "jid");
CREATE INDEX IF NOT EXISTS "broadcast_recipients_broadcast_id_message_id_idx" ON "broadcast_recipients"("broadcast_id", "message_id");

CREATE TABLE IF NOT EXISTS "opt_outs" (
    "workspace_id" UUID NOT NULL,
    "jid" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "session_id" UUID,
    "message_id" UUID,
    "note" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "opt_outs_pkey" PRIMARY KEY ("workspace_id", "jid")
);

CREATE TABLE IF NOT EXISTS "consent_log" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "jid" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "actor_name" TEXT,
    "session_id" UUID,
    "message_id" UUID,
    "text" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "consent_log_pkey" PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "consent_log_workspace_id_id_idx" ON "consent_log"("workspace_id", "id");

CREATE TABLE IF NOT EXISTS "consent_settings" (
    "workspace_id" UUID NOT NULL,
    "is_active" BOOLEAN NOT NULL,
    "opt_out_keywords" TEXT[] NOT NULL,
    "opt_in_keywords" TEXT[] NOT NULL,
    "opt_out_reply" TEXT,
    "opt_in_reply" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "consent_settings_pkey" PRIMARY KEY ("workspace_id")
);

CREATE TABLE IF NOT EXISTS "keyword_rules" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "priority" INTEGER NOT NULL DEFAULT 100,
    "session_ids" UUID[] NOT NULL,
    "match" TEXT NOT NULL,
    "patterns" TEXT[] NOT NULL,
    "in_groups" BOOLEAN NOT NULL DEFAULT false,
    "hours" JSONB,
    "cooldown_seconds" INTEGER NOT NULL,
    "action" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "keyword_rules_pkey" PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "keyword_rules_workspace_id_id_idx" ON "keyword_rules"("workspace_id", "id");

CREATE TABLE IF NOT EXISTS "rule_firings" (
    "rule_id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "chat" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "reply_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "rule_firings_pkey" PRIMARY KEY ("rule_id", "message_id")
);
CREATE INDEX IF NOT EXISTS "rule_firings_session_id_chat_created_at_idx" ON "rule_firings"("session_id", "chat", "created_at");
CREATE INDEX IF NOT EXISTS "rule_firings_created_at_idx" ON "rule_firings"("created_at");

CREATE TABLE IF NOT EXISTS "automation_cursors" (
    "session_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "automation_cursors_pkey" PRIMARY KEY ("session_id")
);

CREATE TABLE IF NOT EXISTS "contact_labels" (
    "contact_id" UUID NOT NULL,
    "label" TEXT NOT NULL,
    "workspace_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "contact_labels_pkey" PRIMARY KEY ("contact_id", "label")
);
CREATE INDEX IF NOT EXISTS "contact_labels_workspace_id_label_idx" ON "contact_labels"("workspace_id", "label");

COMMIT;

-- Each foreign key locks the table that it points to for the moment in which its trigger is made.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "broadcasts" DROP CONSTRAINT IF EXISTS "broadcasts_workspace_id_fkey",
  ADD CONSTRAINT "broadcasts_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "broadcast_recipients" DROP CONSTRAINT IF EXISTS "broadcast_recipients_broadcast_id_fkey",
  ADD CONSTRAINT "broadcast_recipients_broadcast_id_fkey" FOREIGN KEY ("broadcast_id") REFERENCES "broadcasts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "opt_outs" DROP CONSTRAINT IF EXISTS "opt_outs_workspace_id_fkey",
  ADD CONSTRAINT "opt_outs_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "consent_log" DROP CONSTRAINT IF EXISTS "consent_log_workspace_id_fkey",
  ADD CONSTRAINT "consent_log_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "consent_settings" DROP CONSTRAINT IF EXISTS "consent_settings_workspace_id_fkey",
  ADD CONSTRAINT "consent_settings_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "keyword_rules" DROP CONSTRAINT IF EXISTS "keyword_rules_workspace_id_fkey",
  ADD CONSTRAINT "keyword_rules_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "rule_firings" DROP CONSTRAINT IF EXISTS "rule_firings_rule_id_fkey",
  ADD CONSTRAINT "rule_firings_rule_id_fkey" FOREIGN KEY ("rule_id") REFERENCES "keyword_rules"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "contact_labels" DROP CONSTRAINT IF EXISTS "contact_labels_contact_id_fkey",
  ADD CONSTRAINT "contact_labels_contact_id_fkey" FOREIGN KEY ("contact_id") REFERENCES "contacts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "automation_cursors" DROP CONSTRAINT IF EXISTS "automation_cursors_session_id_fkey",
  ADD CONSTRAINT "automation_cursors_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;
