import type { UpdateUserRequest } from '@wa-gate/contracts';
import { isUniqueViolation, type Queryable, type UserRole, type UserTier } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import type { Revoke } from '../../revocations/revocations.ts';
import { type Actor, changedFields, writeAudit } from '../audit/index.ts';
import { endLogins, normaliseEmail } from '../auth/index.ts';
import { assertNotLastAdministrator, lockAdministrators } from './last-administrator.ts';
import { storedRole, storedTier } from './users.repository.ts';

/** What an administrator may change of a user, as the database has it. */
interface Changeable {
  email: string;
  name: string;
  role: UserRole;
  tier: UserTier;
  isActive: boolean;
}

const READ = `SELECT email, name, role, tier, is_active AS "isActive" FROM users WHERE id = $1 FOR UPDATE`;
/** A new address is not proved. */
const WRITE = `UPDATE users SET email = $2, name = $3, role = $4, tier = $5, is_active = $6, updated_at = now(),
  email_verified_at = CASE WHEN email = $2 THEN email_verified_at END WHERE id = $1`;
/** Mails that went to the old address open nothing any more. */
const END_MAIL_TOKENS = 'UPDATE mail_tokens SET used_at = now() WHERE user_id = $1 AND used_at IS NULL';

export const USER_RESOURCE = { resourceType: 'user', workspaceId: null } as const;

/** The row, locked. @throws {ApiError} USER_NOT_FOUND */
export async function lockUser(tx: Queryable, id: string): Promise<Changeable> {
  const { rows } = await tx.query<Changeable>(READ, [id]);
  if (!rows[0]) throw new ApiError('USER_NOT_FOUND');
  return rows[0];
}

const isAdministrator = ({ role, isActive }: Changeable): boolean => role === 'ADMINISTRATOR' && isActive;

/** Changes a user in the caller's transaction; what must stop with it has stopped everywhere within a second. */
export async function changeUser(
  tx: Queryable,
  revoke: Revoke,
  { actor, id, request }: { actor: Actor; id: string; request: UpdateUserRequest },
): Promise<void> {
  if (request.role !== undefined || request.isActive !== undefined) await lockAdministrators(tx);
  const before = await lockUser(tx, id);
  const after: Changeable = {
    email: request.email === undefined ? before.email : normaliseEmail(request.email),
    name: request.name ?? before.name,
    role: request.role === undefined ? before.role : storedRole(request.role),
    tier: request.tier === undefined ? before.tier : storedTier(request.tier),
    isActive: request.isActive ?? before.isActive,
  };
  const changed = changedFields({ ...before }, { ...after });
  if (Object.keys(changed.after).length === 0) return;
  if (isAdministrator(before) && !isAdministrator(after)) await assertNotLastAdministrator(tx, id);

  await write(tx, id, after);
  if (after.email !== before.email) await tx.query(END_MAIL_TOKENS, [id]);
  if (before.isActive && !after.isActive) await endAllLogins(tx, revoke, id, 'deactivated');
  await revoke('user', id);
  if (after.tier !== before.tier || after.isActive !== before.isActive) await revoke('account', id);
  await writeAudit(tx, actor, { action: 'user.updated', ...USER_RESOURCE, resourceId: id, ...changed });
}

async function write(tx: Queryable, id: string, { email, name, role, tier, isActive }: Changeable): Promise<void> {
  try {
    await tx.query(WRITE, [id, email, name, role, tier, isActive]);
  } catch (error) {
    if (isUniqueViolation(error, 'users_email_key')) throw new ApiError('EMAIL_TAKEN');
    throw error;
  }
}

/** Ends them here and in the memory of all gateways; returns how many. */
export async function endAllLogins(
  tx: Queryable,
  revoke: Revoke,
  userId: string,
  reason: 'deactivated' | 'administrator',
): Promise<number> {
  const ended = await endLogins(tx, userId, { except: null, reason });
  for (const id of ended) await revoke('login', id);
  return ended.length;
}
