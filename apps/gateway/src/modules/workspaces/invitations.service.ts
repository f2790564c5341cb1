import type { Invitation, InviteRequest, OpenInvitation, Workspace, WorkspaceRoleName } from '@wa-gate/contracts';
import { inTransaction, type Pool } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { Principal } from '../../principal.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import { normaliseEmail } from '../auth/index.ts';
import type { MailQueue } from '../mail/index.ts';
import { roleToGive } from './grants.ts';
import { invitationMail } from './invitation-mail.ts';
import {
  acceptInvitation,
  deleteInvitation,
  findByToken,
  type InvitationRecord,
  isMember,
  listInvitations,
  putInvitation,
} from './invitations.repository.ts';

export interface InvitationsDependencies {
  pool: Pool;
  mail: MailQueue;
}

/** How people come into a workspace: by a token for one address, which only a person with this address can use. */
export interface InvitationsService {
  create(
    actor: Actor,
    principal: Principal,
    request: InviteRequest,
  ): Promise<{ invitation: Invitation; token: string; mailed: boolean }>;
  list(
    workspaceId: string,
    page: { page: number; limit: number },
  ): Promise<{ invitations: Invitation[]; total: number }>;
  revoke(actor: Actor, workspaceId: string, id: string): Promise<void>;
  /** What the holder of the token is invited to. */
  look(token: string): Promise<OpenInvitation>;
  accept(actor: Actor, userId: string, token: string): Promise<Pick<Workspace, 'id' | 'workspaceRole'>>;
}

const DEFAULT_ROLE = 'viewer';

const present = ({ id, email, role, invitedBy, expiresAt, createdAt }: InvitationRecord): Invitation => ({
  id,
  email,
  role: role.toLowerCase() as WorkspaceRoleName,
  invitedBy,
  expiresAt: expiresAt.toISOString(),
  createdAt: createdAt.toISOString(),
});

export function createInvitationsService({ pool, mail }: InvitationsDependencies): InvitationsService {
  return {
    async create(actor, principal, request) {
      const { workspaceId, userId } = principal;
      const role = roleToGive(principal, request.role ?? DEFAULT_ROLE);
      const email = normaliseEmail(request.email);
      return inTransaction(pool, async (tx) => {
        if (await isMember(tx, workspaceId, email)) throw new ApiError('MEMBER_EXISTS');
        const made = await putInvitation(tx, { workspaceId, email, role, userId });
        if (!made) throw new ApiError('FORBIDDEN');
        const { invitation, token } = made;
        if (mail.isOn) await mail.enqueue(tx, invitationMail(invitation, token));
        await writeAudit(tx, actor, {
          action: 'invitation.created',
          resourceType: 'invitation',
          resourceId: invitation.id,
          workspaceId,
          after: { email, role: role.toLowerCase() },
        });
        return { invitation: present(invitation), token, mailed: mail.isOn };
      });
    },
    async list(workspaceId, { page, limit }) {
      const { rows, total } = await listInvitations(pool, workspaceId, { limit, offset: (page - 1) * limit });
      return { invitations: rows.map(present), total };
    },
    async revoke(actor, workspaceId, id) {
      await inTransaction(pool, async (tx) => {
        const deleted = isUuid(id) ? await deleteInvitation(tx, workspaceId, id) : null;
        if (!deleted) throw new ApiError('INVITATION_NOT_FOUND');
        await writeAudit(tx, actor, {
          action: 'invitation.revoked',
          resourceType: 'invitation',
          resourceId: id,
          workspaceId,
          before: { email: deleted.email, role: deleted.role.toLowerCase() },
        });
      });
    },
    async look(token) {
      const found = await findByToken(pool, token);
      if (!found) throw new ApiError('INVITATION_NOT_FOUND');
      const { email, role, invitedBy, expiresAt } = present(found);
      return { workspace: { id: found.workspaceId, name: found.workspaceName }, email, role, invitedBy, expiresAt };
    },
    accept: (actor, userId, token) =>
      inTransaction(pool, async (tx) => {
        const accepted = await acceptInvitation(tx, token, userId);
        if (!accepted) throw new ApiError('INVITATION_NOT_FOUND');
        const { id, workspaceId, role, isNew } = accepted;
        if (!isNew) throw new ApiError('MEMBER_EXISTS');
        await writeAudit(tx, actor, {
          action: 'invitation.accepted',
          resourceType: 'invitation',
          resourceId: id,
          workspaceId,
          after: { userId, role: role.toLowerCase() },
        });
        return { id: workspaceId, workspaceRole: role.toLowerCase() as WorkspaceRoleName };
      }),
  };
}
