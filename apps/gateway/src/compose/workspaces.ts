import type { SessionRemover } from '../modules/live/index.ts';
import type { MailQueue } from '../modules/mail/index.ts';
import {
  createInvitationsService,
  createMembersService,
  createWorkspaceRemoval,
  createWorkspacesService,
  type InvitationsService,
  type MembersService,
  type RemoveWorkspace,
  type WorkspacesService,
} from '../modules/workspaces/index.ts';
import type { Revocations } from '../revocations.ts';
import type { Resources } from './gateway.ts';

/** Workspaces, and who is in them. */
export interface WorkspaceServices {
  workspaces: WorkspacesService;
  removeWorkspace: RemoveWorkspace;
  members: MembersService;
  invitations: InvitationsService;
}

export function composeWorkspaces(
  { pool }: Resources,
  { revocations, remover, mail }: { revocations: Revocations; remover: SessionRemover; mail: MailQueue },
): WorkspaceServices {
  return {
    workspaces: createWorkspacesService({ pool }),
    removeWorkspace: createWorkspaceRemoval({ pool, revocations, remover }),
    members: createMembersService({ pool, revocations }),
    invitations: createInvitationsService({ pool, mail }),
  };
}
