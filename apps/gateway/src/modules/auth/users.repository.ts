import type { User } from '@wa-gate/contracts';
import type { Queryable, UserRole, UserTier, WorkspaceRole } from '@wa-gate/db';

export interface UserRecord {
  id: string;
  email: string;
  name: string;
  role: UserRole;
  tier: UserTier;
  isActive: boolean;
  emailVerifiedAt: Date | null;
  createdAt: Date;
}

/** The workspace that a user works in. */
export interface Home {
  workspaceId: string;
  role: WorkspaceRole;
}

export type UserWithPassword = UserRecord & { passwordHash: string };

const COLUMNS = `u.id, u.email, u.name, u.role, u.tier, u.is_active AS "isActive", u.email_verified_at AS "emailVerifiedAt",
  u.created_at AS "createdAt"`;

const FIND = {
  name: 'find-user',
  text: `SELECT ${COLUMNS}, u.password_hash AS "passwordHash" FROM users u WHERE u.id = $1`,
};
const FIND_BY_EMAIL = {
  name: 'find-user-by-email',
  text: `SELECT ${COLUMNS}, u.password_hash AS "passwordHash" FROM users u WHERE u.email = $1`,
};
const FIND_HOME = {
  name: 'find-home',
  text: `SELECT m.workspace_id AS "workspaceId", m.role
    FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id JOIN users o ON o.id = w.owner_user_id
    WHERE m.user_id = $1 AND o.is_active
    ORDER BY m.workspace_id = $2 DESC NULLS LAST, w.owner_user_id = m.user_id DESC, m.created_at LIMIT 1`,
};
const WORKSPACES = {
  name: 'workspaces-of-user',
  text: `SELECT w.id, w.name, m.role FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
    JOIN users o ON o.id = w.owner_user_id
    WHERE m.user_id = $1 AND o.is_active ORDER BY w.owner_user_id = m.user_id DESC, m.created_at, w.id`,
};

const ROLE_WORDS: Record<UserRole, User['role']> = { USER: 'customer', ADMINISTRATOR: 'administrator' };

export const presentUser = (user: UserRecord): User => ({
  id: user.id,
  email: user.email,
  name: user.name,
  role: ROLE_WORDS[user.role],
  tier: user.tier.toLowerCase() as User['tier'],
  emailVerified: user.emailVerifiedAt !== null,
  createdAt: user.createdAt.toISOString(),
});

export async function findUser(db: Queryable, userId: string): Promise<UserWithPassword | null> {
  const { rows } = await db.query<UserWithPassword>({ ...FIND, values: [userId] });
  return rows[0] ?? null;
}

export async function findUserByEmail(db: Queryable, email: string): Promise<UserWithPassword | null> {
  const { rows } = await db.query<UserWithPassword>({ ...FIND_BY_EMAIL, values: [email] });
  return rows[0] ?? null;
}

/**
 * The preferred workspace where the user is still a member of it; else their own; else any that they are a member of.
 */
export async function findHome(db: Queryable, userId: string, preferred: string | null = null): Promise<Home | null> {
  const { rows } = await db.query<Home>({ ...FIND_HOME, values: [userId, preferred] });
  return rows[0] ?? null;
}

export async function workspacesOf(
  db: Queryable,
  userId: string,
): Promise<{ id: string; name: string; role: WorkspaceRole }[]> {
  const { rows } = await db.query<{ id: string; name: string; role: WorkspaceRole }>({
    ...WORKSPACES,
    values: [userId],
  });
  return rows;
}
