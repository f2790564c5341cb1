export { sweepInvitations } from './invitations.repository.ts';
export { createInvitationsService } from './invitations.service.ts';
export { createMembersService } from './members.service.ts';
export type { WorkspaceServices } from './services.ts';
export { createWorkspaceRemoval, type WorkspaceRemoval } from './workspace-removal.ts';
export { createWorkspacesService } from './workspaces.service.ts';
