-- What is a person's, asked for when they are deleted or leave.
CREATE INDEX "api_keys_user_id_idx" ON "api_keys"("user_id");
CREATE INDEX "workspace_invitations_invited_by_user_id_idx" ON "workspace_invitations"("invited_by_user_id");
