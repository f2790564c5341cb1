import type { SessionRemover } from '../modules/live/index.ts';
import type { MailQueue } from '../modules/mail/index.ts';
import type { WorkspaceServices } from '../modules/workspaces/index.ts';
import {
  createInvitationsService,
  createMembersService,
  createWorkspaceRemoval,
  createWorkspacesService,
} from '../modules/workspaces/index.ts';
import type { Revocations } from '../revocations/revocations.ts';
import type { Resources } from './resources.ts';

export function composeWorkspaces(
  { pool }: Resources,
  { revocations, remover, mail }: { revocations: Revocations; remover: SessionRemover; mail: MailQueue },
): { services: WorkspaceServices } {
  const services: WorkspaceServices = {
    workspaces: createWorkspacesService({ pool }),
    workspaceRemoval: createWorkspaceRemoval({ pool, revocations, remover }),
    members: createMembersService({ pool, revocations }),
    invitations: createInvitationsService({ pool, mail }),
  };
  return { services };
}
