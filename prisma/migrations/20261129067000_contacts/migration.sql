-- Who is who: persons, the names by which WhatsApp knows them, and which session has met whom. Only new tables: the previous version goes on
-- as it is. `prisma/README.md` says what comes after.
BEGIN;
SET LOCAL lock_timeout = '8s';

CREATE TABLE IF NOT EXISTS "contacts" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "name" TEXT,
    "phone_number" TEXT,
    "lid" TEXT,
    "push_name" TEXT,
    "saved_name" TEXT,
    "book_name" TEXT,
    "business_name" TEXT,
    "verified_name" TEXT,
    "names_at" JSONB NOT NULL DEFAULT '{}',
    "is_business" BOOLEAN NOT NULL DEFAULT false,
    "merged_into" UUID,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "contacts_pkey" PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "contacts_workspace_id_id_idx" ON "contacts"("workspace_id", "id");
CREATE INDEX IF NOT EXISTS "contacts_merged_into" ON "contacts"("merged_into") WHERE "merged_into" IS NOT NULL;

CREATE TABLE IF NOT EXISTS "contact_identities" (
    "workspace_id" UUID NOT NULL,
    "jid" TEXT NOT NULL,
    "contact_id" UUID NOT NULL,
    "spelling_of" TEXT,
    "mapped_at" TIMESTAMPTZ(3),

    CONSTRAINT "contact_identities_pkey" PRIMARY KEY ("workspace_id", "jid")
);
CREATE INDEX IF NOT EXISTS "contact_identities_contact_id_idx" ON "contact_identities"("contact_id");

CREATE TABLE IF NOT EXISTS "session_contacts" (
    "session_id" UUID NOT NULL,
    "jid" TEXT NOT NULL,

    CONSTRAINT "session_contacts_pkey" PRIMARY KEY ("session_id", "jid")
);

CREATE TABLE IF NOT EXISTS "contact_merges" (
    "session_id" UUID NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "data" JSONB NOT NULL,

    CONSTRAINT "contact_merges_pkey" PRIMARY KEY ("session_id", "id")
);

CREATE TABLE IF NOT EXISTS "number_checks" (
    "workspace_id" UUID NOT NULL,
    "number" TEXT NOT NULL,
    "jid" TEXT,
    "checked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "number_checks_pkey" PRIMARY KEY ("workspace_id", "number")
);

COMMIT;

-- Each foreign key locks the table that it points to for the moment in which its trigger is made.
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "contacts" DROP CONSTRAINT IF EXISTS "contacts_workspace_id_fkey",
  ADD CONSTRAINT "contacts_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "contact_identities" DROP CONSTRAINT IF EXISTS "contact_identities_contact_id_fkey",
  ADD CONSTRAINT "contact_identities_contact_id_fkey" FOREIGN KEY ("contact_id") REFERENCES "contacts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "number_checks" DROP CONSTRAINT IF EXISTS "number_checks_workspace_id_fkey",
  ADD CONSTRAINT "number_checks_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '8s';
ALTER TABLE "session_contacts" DROP CONSTRAINT IF EXISTS "session_contacts_session_id_fkey",
  ADD CONSTRAINT "session_contacts_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "contact_merges" DROP CONSTRAINT IF EXISTS "contact_merges_session_id_fkey",
  ADD CONSTRAINT "contact_merges_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;
