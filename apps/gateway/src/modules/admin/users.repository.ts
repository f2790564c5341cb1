import { type AdminUser, type AdminUserDetail, type ListUsersQuery, platformRoleOf } from '@wa-gate/contracts';
import type { Queryable, UserRole, UserTier } from '@wa-gate/db';
import { presentUser, type UserRecord } from '../auth/index.ts';

interface UserRow extends UserRecord {
  lastLoginAt: Date | null;
  updatedAt: Date;
  sessionCount: number;
}

type Counts = AdminUserDetail['counts'];

export interface UsersRepository {
  list(filter: ListUsersQuery, page: { offset: number; limit: number }): Promise<{ users: AdminUser[]; total: number }>;
  find(id: string): Promise<AdminUserDetail | null>;
}

/** The platform role as the database has it. */
export const storedRole = (word: string): UserRole =>
  platformRoleOf(word) === 'administrator' ? 'ADMINISTRATOR' : 'USER';
export const storedTier = (word: string): UserTier => word.toUpperCase() as UserTier;

const COLUMNS = `u.id, u.email, u.name, u.role, u.tier, u.is_active AS "isActive", u.email_verified_at AS "emailVerifiedAt",
  u.last_login_at AS "lastLoginAt", u.created_at AS "createdAt", u.updated_at AS "updatedAt",
  (SELECT count(*) FROM sessions s WHERE s.user_id = u.id) AS "sessionCount"`;

/** `strpos` takes the search as it is: no character of it is a wildcard. */
const MATCHING = `FROM users u WHERE ($1::text IS NULL OR strpos(lower(u.email), lower($1)) > 0 OR strpos(lower(u.name), lower($1)) > 0)
  AND ($2::"UserRole" IS NULL OR u.role = $2) AND ($3::"UserTier" IS NULL OR u.tier = $3) AND ($4::bool IS NULL OR u.is_active = $4)`;

const LIST = {
  name: 'admin-list-users',
  text: `SELECT ${COLUMNS} ${MATCHING} ORDER BY u.id DESC OFFSET $5 LIMIT $6`,
};
const COUNT = { name: 'admin-count-users', text: `SELECT count(*) AS total ${MATCHING}` };
const FIND = { name: 'admin-find-user', text: `SELECT ${COLUMNS} FROM users u WHERE u.id = $1` };
const COUNT_WHAT_IS_THEIRS = {
  name: 'admin-count-of-user',
  text: `SELECT (SELECT count(*) FROM workspaces WHERE owner_user_id = $1) AS workspaces,
    (SELECT count(*) FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
      WHERE m.user_id = $1 AND w.owner_user_id <> $1) AS memberships,
    (SELECT count(*) FROM sessions WHERE user_id = $1) AS sessions,
    (SELECT count(*) FROM sessions WHERE user_id = $1 AND state = 'CONNECTED') AS "connectedSessions",
    (SELECT count(*) FROM api_keys k JOIN workspaces w ON w.id = k.workspace_id
      WHERE w.owner_user_id = $1 AND k.is_active AND (k.expires_at IS NULL OR k.expires_at > now())) AS "apiKeys",
    (SELECT count(*) FROM logins WHERE user_id = $1 AND ended_at IS NULL AND expires_at > now()) AS logins`,
};

const present = (row: UserRow): AdminUser => ({
  ...presentUser(row),
  isActive: row.isActive,
  sessionCount: row.sessionCount,
  lastLoginAt: row.lastLoginAt?.toISOString() ?? null,
  updatedAt: row.updatedAt.toISOString(),
});

export function createUsersRepository(db: Queryable): UsersRepository {
  return {
    async list({ search, role, tier, status }, { offset, limit }) {
      const filter = [
        search ?? null,
        role ? storedRole(role) : null,
        tier ? storedTier(tier) : null,
        status ? status === 'active' : null,
      ];
      const [found, counted] = await Promise.all([
        db.query<UserRow>({ ...LIST, values: [...filter, offset, limit] }),
        db.query<{ total: number }>({ ...COUNT, values: filter }),
      ]);
      return { users: found.rows.map(present), total: counted.rows[0]!.total };
    },
    async find(id) {
      const [found, counted] = await Promise.all([
        db.query<UserRow>({ ...FIND, values: [id] }),
        db.query<Counts>({ ...COUNT_WHAT_IS_THEIRS, values: [id] }),
      ]);
      return found.rows[0] ? { ...present(found.rows[0]), counts: counted.rows[0]! } : null;
    },
  };
}
