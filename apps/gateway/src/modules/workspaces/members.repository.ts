import type { Queryable, WorkspaceRole } from '@wa-gate/db';
import type { Page } from './workspaces.repository.ts';

export interface MemberRecord {
  userId: string;
  email: string;
  name: string;
  role: WorkspaceRole;
  isOwner: boolean;
  joinedAt: Date;
}

const SELECT = `SELECT m.user_id AS "userId", u.email, u.name, m.role, w.owner_user_id = m.user_id AS "isOwner", m.created_at AS "joinedAt"
  FROM workspace_members m JOIN users u ON u.id = m.user_id JOIN workspaces w ON w.id = m.workspace_id`;
const LIST = {
  name: 'list-members',
  text: `${SELECT} WHERE m.workspace_id = $1 ORDER BY m.created_at, m.user_id LIMIT $2 OFFSET $3`,
};
const COUNT = {
  name: 'count-members',
  text: 'SELECT count(*) AS total FROM workspace_members WHERE workspace_id = $1',
};
const LOCK = { name: 'lock-member', text: `${SELECT} WHERE m.workspace_id = $1 AND m.user_id = $2 FOR UPDATE OF m` };
/** Roles are declared from the strongest to the weakest. */
const MAY_GIVE = {
  name: 'may-give-role',
  text: 'SELECT 1 FROM workspace_members WHERE workspace_id = $1 AND user_id = $2 AND role <= $3',
};
const SET_ROLE = {
  name: 'set-member-role',
  text: 'UPDATE workspace_members SET role = $3 WHERE workspace_id = $1 AND user_id = $2',
};
const DELETE = {
  name: 'delete-member',
  text: 'DELETE FROM workspace_members WHERE workspace_id = $1 AND user_id = $2',
};
/** Roles are declared from the strongest to the weakest. */
const NARROW_KEYS = {
  name: 'narrow-keys-of-member',
  text: 'UPDATE api_keys SET role = $3 WHERE workspace_id = $1 AND user_id = $2 AND role < $3',
};
const REVOKE_KEYS = {
  name: 'revoke-keys-of-member',
  text: `UPDATE api_keys SET is_active = false, is_primary = false, revoked_at = now()
    WHERE workspace_id = $1 AND user_id = $2 AND is_active`,
};
const TRANSFER_KEYS = {
  name: 'transfer-keys-of-member',
  text: `UPDATE api_keys k SET user_id = w.owner_user_id FROM workspaces w
    WHERE w.id = $1 AND k.workspace_id = w.id AND k.user_id = $2 AND k.is_active AND k.scope <> 'ADMIN'`,
};
const WITHDRAW_INVITATIONS = {
  name: 'withdraw-invitations-of-member',
  text: 'DELETE FROM workspace_invitations WHERE workspace_id = $1 AND invited_by_user_id = $2 AND accepted_at IS NULL',
};

export async function listMembers(
  db: Queryable,
  workspaceId: string,
  { limit, offset }: Page,
): Promise<{ rows: MemberRecord[]; total: number }> {
  const [{ rows }, counted] = await Promise.all([
    db.query<MemberRecord>({ ...LIST, values: [workspaceId, limit, offset] }),
    db.query<{ total: number }>({ ...COUNT, values: [workspaceId] }),
  ]);
  return { rows, total: counted.rows[0]!.total };
}

/** Locks the row until the end of the transaction. */
export async function lockMember(tx: Queryable, workspaceId: string, userId: string): Promise<MemberRecord | null> {
  const { rows } = await tx.query<MemberRecord>({ ...LOCK, values: [workspaceId, userId] });
  return rows[0] ?? null;
}

/** Whether the user has this role, or a stronger one, at this moment. */
export async function mayGive(
  tx: Queryable,
  workspaceId: string,
  { userId, role }: { userId: string; role: WorkspaceRole },
): Promise<boolean> {
  const { rowCount } = await tx.query({ ...MAY_GIVE, values: [workspaceId, userId, role] });
  return rowCount === 1;
}

/** A member who may do less now: their keys become less for good, and what they have invited to is withdrawn. */
export async function setRole(tx: Queryable, workspaceId: string, userId: string, role: WorkspaceRole): Promise<void> {
  await tx.query({ ...SET_ROLE, values: [workspaceId, userId, role] });
  await tx.query({ ...NARROW_KEYS, values: [workspaceId, userId, role] });
  if (role !== 'OWNER') await tx.query({ ...WITHDRAW_INVITATIONS, values: [workspaceId, userId] });
}

/** Their keys are dealt with first: what is transferred is not revoked. */
export async function deleteMember(
  tx: Queryable,
  workspaceId: string,
  userId: string,
  keys: 'revoke' | 'transfer',
): Promise<{ revoked: number; transferred: number }> {
  const values = [workspaceId, userId];
  const transferred = keys === 'transfer' ? await tx.query({ ...TRANSFER_KEYS, values }) : null;
  const revoked = await tx.query({ ...REVOKE_KEYS, values });
  await tx.query({ ...WITHDRAW_INVITATIONS, values });
  await tx.query({ ...DELETE, values });
  return { revoked: revoked.rowCount ?? 0, transferred: transferred?.rowCount ?? 0 };
}
