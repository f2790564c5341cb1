import type { Queryable, UserRole, UserTier } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { SYSTEM_ACTOR, writeAudit } from '../audit/index.ts';
import type { Home, UserRecord } from './users.repository.ts';

export interface NewUser {
  email: string;
  name: string;
  passwordHash: string;
  role: UserRole;
  tier: UserTier;
}

/** A workspace of which the user is the owner: the account's own. */
export async function createWorkspace(tx: Queryable, userId: string, name: string): Promise<Home> {
  const workspaceId = newId();
  await tx.query('INSERT INTO workspaces (id, name, owner_user_id) VALUES ($1, $2, $3)', [workspaceId, name, userId]);
  await tx.query(`INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'OWNER')`, [
    workspaceId,
    userId,
  ]);
  return { workspaceId, role: 'OWNER' };
}

/**
 * A user with a personal workspace. The one way that accounts are made.
 *
 * @throws a unique violation when the e-mail is taken
 */
export async function createAccount(tx: Queryable, account: NewUser): Promise<{ user: UserRecord; home: Home }> {
  const { email, name, passwordHash, role, tier } = account;
  const id = newId();
  const { rows } = await tx.query<{ createdAt: Date }>(
    `INSERT INTO users (id, email, name, password_hash, role, tier) VALUES ($1, $2, $3, $4, $5, $6)
     RETURNING created_at AS "createdAt"`,
    [id, email, name, passwordHash, role, tier],
  );
  const home = await createWorkspace(tx, id, name);
  const { createdAt } = rows[0]!;
  return { user: { id, email, name, role, tier, isActive: true, emailVerifiedAt: null, createdAt }, home };
}

/** A new administrator, made by the operator and not by a request. */
export async function createAdministratorAccount(
  tx: Queryable,
  credentials: Pick<NewUser, 'email' | 'passwordHash'>,
): Promise<void> {
  const { user } = await createAccount(tx, {
    ...credentials,
    name: 'Administrator',
    role: 'ADMINISTRATOR',
    tier: 'MAX',
  });
  await writeAudit(tx, SYSTEM_ACTOR, {
    action: 'user.created',
    resourceType: 'user',
    resourceId: user.id,
    after: { email: user.email, role: 'administrator' },
  });
}
