-- Logs are read, bounded and swept by their ids, which grow with time.
-- DropIndex
DROP INDEX "audit_logs_workspace_id_created_at_idx";

-- DropIndex
DROP INDEX "audit_logs_actor_user_id_created_at_idx";

-- DropIndex
DROP INDEX "audit_logs_created_at_idx";

-- DropIndex
DROP INDEX "system_logs_timestamp_idx";

-- CreateIndex
CREATE INDEX "audit_logs_workspace_id_id_idx" ON "audit_logs"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "audit_logs_actor_user_id_id_idx" ON "audit_logs"("actor_user_id", "id");

-- CreateIndex
CREATE INDEX "system_logs_session_id_id_idx" ON "system_logs"("session_id", "id");
