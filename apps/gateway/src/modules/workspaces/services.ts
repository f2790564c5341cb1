import type { InvitationsService } from './invitations.service.ts';
import type { MembersService } from './members.service.ts';
import type { WorkspaceRemoval } from './workspace-removal.ts';
import type { WorkspacesService } from './workspaces.service.ts';

/** Workspaces, and who is in them. */
export interface WorkspaceServices {
  workspaces: WorkspacesService;
  workspaceRemoval: WorkspaceRemoval;
  members: MembersService;
  invitations: InvitationsService;
}
