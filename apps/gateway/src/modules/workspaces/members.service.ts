import type { Member, RemoveMemberResult, WorkspaceRoleName } from '@wa-gate/contracts';
import type { Pool, PoolClient } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { Principal } from '../../principal.ts';
import type { Revocations } from '../../revocations/revocations.ts';
import { type Actor, changedFields, writeAudit } from '../audit/index.ts';
import { roleToGive } from './grants.ts';
import { deleteMember, listMembers, lockMember, type MemberRecord, mayGive, setRole } from './members.repository.ts';

export interface MembersDependencies {
  pool: Pool;
  revocations: Pick<Revocations, 'inTransaction'>;
}

/** Who works in a workspace. What changes is in force on every gateway within a second. */
export interface MembersService {
  list(workspaceId: string, page: { page: number; limit: number }): Promise<{ members: Member[]; total: number }>;
  changeRole(actor: Actor, principal: Principal, userId: string, role: string): Promise<Member>;
  /** `keys`: what becomes of those that the member has made there. */
  remove(actor: Actor, workspaceId: string, userId: string, keys: 'revoke' | 'transfer'): Promise<RemoveMemberResult>;
}

const present = ({ joinedAt, role, ...member }: MemberRecord): Member => ({
  ...member,
  role: role.toLowerCase() as WorkspaceRoleName,
  joinedAt: joinedAt.toISOString(),
});

export function createMembersService({ pool, revocations }: MembersDependencies): MembersService {
  /** Locks a member who can be changed, and has every gateway drop its cache of them. */
  const change = <T>(
    workspaceId: string,
    userId: string,
    work: (tx: PoolClient, member: MemberRecord) => Promise<T>,
  ): Promise<T> =>
    revocations.inTransaction(async (tx, revoke) => {
      const member = isUuid(userId) ? await lockMember(tx, workspaceId, userId) : null;
      if (!member) throw new ApiError('MEMBER_NOT_FOUND');
      if (member.isOwner) throw new ApiError('LAST_OWNER');
      await revoke('user', member.userId);
      return work(tx, member);
    });

  return {
    async list(workspaceId, { page, limit }) {
      const { rows, total } = await listMembers(pool, workspaceId, { limit, offset: (page - 1) * limit });
      return { members: rows.map(present), total };
    },
    changeRole(actor, principal, userId, word) {
      const { workspaceId } = principal;
      const role = roleToGive(principal, word);
      return change(workspaceId, userId, async (tx, before) => {
        // The cached role of the caller may be a moment old. It must not restore what was just taken from the caller.
        if (!(await mayGive(tx, workspaceId, { userId: principal.userId, role }))) throw new ApiError('FORBIDDEN');
        if (role === before.role) return present(before);
        await setRole(tx, workspaceId, before.userId, role);
        const after = present({ ...before, role });
        await writeAudit(tx, actor, {
          action: 'member.role_changed',
          resourceType: 'member',
          resourceId: before.userId,
          workspaceId,
          ...changedFields({ role: present(before).role }, { role: after.role }),
        });
        return after;
      });
    },
    remove: (actor, workspaceId, userId, keys) =>
      change(workspaceId, userId, async (tx, { userId: id, email, role }) => {
        const counts = await deleteMember(tx, workspaceId, id, keys);
        await writeAudit(tx, actor, {
          action: 'member.removed',
          resourceType: 'member',
          resourceId: id,
          workspaceId,
          before: { email, role: role.toLowerCase(), keysRevoked: counts.revoked, keysTransferred: counts.transferred },
        });
        return { userId: id, removed: true, keys: counts };
      }),
  };
}
