export { sweepInvitations } from './invitations.repository.ts';
export { createInvitationsService, type InvitationsService } from './invitations.service.ts';
export { createMembersService, type MembersService } from './members.service.ts';
export type { WorkspaceServices } from './services.ts';
export { createWorkspaceRemoval, type RemoveWorkspace } from './workspace-removal.ts';
export { createWorkspacesService, type WorkspacesService } from './workspaces.service.ts';
