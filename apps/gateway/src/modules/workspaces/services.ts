import type { InvitationsService } from './invitations.service.ts';
import type { MembersService } from './members.service.ts';
import type { RemoveWorkspace } from './workspace-removal.ts';
import type { WorkspacesService } from './workspaces.service.ts';

/** Workspaces, and who is in them. */
export interface WorkspaceServices {
  workspaces: WorkspacesService;
  removeWorkspace: RemoveWorkspace;
  members: MembersService;
  invitations: InvitationsService;
}
