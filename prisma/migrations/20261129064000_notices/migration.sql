-- Incidents, what is told of them, and to whom. New tables and columns with constant defaults: nothing is rewritten, and
-- the version before knows none of it.

CREATE TABLE "incidents" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "workspace_id" UUID,
    "session_id" UUID,
    "details" JSONB NOT NULL DEFAULT '{}',
    "began_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "told_at" TIMESTAMPTZ(3),
    "mailed_at" TIMESTAMPTZ(3),
    "mails" INTEGER NOT NULL DEFAULT 0,
    "ended_at" TIMESTAMPTZ(3),
    "is_resolved" BOOLEAN NOT NULL DEFAULT false,
    "end_mailed_at" TIMESTAMPTZ(3),

    CONSTRAINT "incidents_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "notice_settings" (
    "workspace_id" UUID NOT NULL,
    "delay_seconds" INTEGER,
    "muted_kinds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "roles" "WorkspaceRole"[] DEFAULT ARRAY['OWNER']::"WorkspaceRole"[],
    "mails_ends" BOOLEAN NOT NULL DEFAULT false,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "notice_settings_pkey" PRIMARY KEY ("workspace_id")
);

-- One open incident of a kind and subject, over all processes: who observes it second writes nothing.
CREATE UNIQUE INDEX "incidents_open" ON "incidents"("kind", "subject") WHERE "ended_at" IS NULL;
-- What waits for its mail.
CREATE INDEX "incidents_to_mail" ON "incidents"("workspace_id")
    WHERE ("told_at" IS NOT NULL AND "mailed_at" IS NULL) OR ("is_resolved" AND "end_mailed_at" IS NULL);
CREATE INDEX "incidents_workspace_id_id_idx" ON "incidents"("workspace_id", "id");
CREATE INDEX "incidents_session_id_idx" ON "incidents"("session_id");

ALTER TABLE "workspace_members" ADD COLUMN "notices" BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE "users" ADD COLUMN "notices" BOOLEAN NOT NULL DEFAULT true;

ALTER TABLE "incidents" ADD CONSTRAINT "incidents_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "incidents" ADD CONSTRAINT "incidents_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "notice_settings" ADD CONSTRAINT "notice_settings_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;
