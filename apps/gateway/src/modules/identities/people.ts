import type { Queryable, UserTier, WorkspaceRole } from '@wa-gate/db';
import { createRevocableCache } from '../../revocations/revocable-cache.ts';
import type { Revocations } from '../../revocations/revocations.ts';

/** A person in a workspace: everything that a request of theirs is judged by. */
export interface Membership {
  userId: string;
  email: string;
  workspaceId: string;
  role: WorkspaceRole;
  isAdministrator: boolean;
  /** Owner of the workspace, whose tier, quota and usage count. */
  accountId: string;
  tier: UserTier;
  isAccountActive: true;
}

/** A membership gives no role while the account of the workspace is deactivated. */
export interface SuspendedMembership extends Pick<Membership, 'userId' | 'workspaceId' | 'accountId'> {
  isAccountActive: false;
}

/** People by user and workspace. Every request with a token asks. */
export interface People {
  /** `null`: not a member, or the person is not active. */
  find(userId: string, workspaceId: string): Promise<Membership | SuspendedMembership | null>;
}

const FIND = {
  name: 'find-membership',
  text: `SELECT u.id AS "userId", u.email, m.workspace_id AS "workspaceId", m.role, u.role = 'ADMINISTRATOR' AS "isAdministrator",
      o.id AS "accountId", o.tier, o.is_active AS "isAccountActive"
    FROM workspace_members m JOIN users u ON u.id = m.user_id JOIN workspaces w ON w.id = m.workspace_id
    JOIN users o ON o.id = w.owner_user_id
    WHERE m.user_id = $1 AND m.workspace_id = $2 AND u.is_active`,
};

export function createPeople({ db, revocations }: { db: Queryable; revocations: Revocations }): People {
  const cache = createRevocableCache<Membership | SuspendedMembership>({
    revocations,
    async read(key) {
      const { rows } = await db.query<Membership | SuspendedMembership>({ ...FIND, values: key.split('/') });
      return rows[0] ?? null;
    },
    revokedBy: {
      user: ({ userId }) => userId,
      account: ({ accountId }) => accountId,
      workspace: ({ workspaceId }) => workspaceId,
    },
  });
  return { find: (userId, workspaceId) => cache.get(`${userId}/${workspaceId}`) };
}
