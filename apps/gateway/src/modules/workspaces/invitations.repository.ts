import { createHash } from 'node:crypto';
import type { Queryable, WorkspaceRole } from '@wa-gate/db';
import { newId, newToken, TOKEN_PREFIX } from '@wa-gate/kit';
import type { Page } from './workspaces.repository.ts';

export interface InvitationRecord {
  id: string;
  workspaceId: string;
  workspaceName: string;
  email: string;
  role: WorkspaceRole;
  invitedBy: string | null;
  expiresAt: Date;
  createdAt: Date;
}

export interface NewInvitation {
  workspaceId: string;
  email: string;
  role: WorkspaceRole;
  userId: string;
}

const DAYS = 7;

const SELECT = `SELECT i.id, i.workspace_id AS "workspaceId", w.name AS "workspaceName", i.email, i.role, u.email AS "invitedBy",
    i.expires_at AS "expiresAt", i.created_at AS "createdAt"
  FROM workspace_invitations i JOIN workspaces w ON w.id = i.workspace_id LEFT JOIN users u ON u.id = i.invited_by_user_id`;
const OPEN = 'i.accepted_at IS NULL AND i.expires_at > now()';
const IS_MEMBER = {
  name: 'is-email-member',
  text: `SELECT 1 FROM workspace_members m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 AND lower(u.email) = lower($2)`,
};
/**
 * One open invitation per address: a new one, with a new token, replaces the old one. The inviter's membership is
 * locked, so that an inviter who loses the role at the same moment cannot grant it. Roles are declared from the
 * strongest to the weakest.
 */
const PUT = {
  name: 'put-invitation',
  text: `INSERT INTO workspace_invitations (id, workspace_id, email, role, token_hash, invited_by_user_id, expires_at)
    SELECT $1, m.workspace_id, $3, $4, $5, m.user_id, now() + interval '${DAYS} days'
    FROM workspace_members m WHERE m.workspace_id = $2 AND m.user_id = $6 AND m.role <= $4 FOR SHARE
    ON CONFLICT (workspace_id, lower(email)) WHERE accepted_at IS NULL DO UPDATE SET id = EXCLUDED.id, role = EXCLUDED.role,
      token_hash = EXCLUDED.token_hash, invited_by_user_id = EXCLUDED.invited_by_user_id, expires_at = EXCLUDED.expires_at, created_at = now()`,
};
const LIST = {
  name: 'list-invitations',
  text: `${SELECT} WHERE i.workspace_id = $1 AND ${OPEN} ORDER BY i.id DESC LIMIT $2 OFFSET $3`,
};
const COUNT = {
  name: 'count-invitations',
  text: `SELECT count(*) AS total FROM workspace_invitations i WHERE i.workspace_id = $1 AND ${OPEN}`,
};
const FIND = { name: 'find-invitation', text: `${SELECT} WHERE i.id = $1` };
const FIND_BY_TOKEN = {
  name: 'find-invitation-by-token',
  text: `${SELECT} JOIN users o ON o.id = w.owner_user_id WHERE i.token_hash = $1 AND ${OPEN} AND o.is_active`,
};
const DELETE = {
  name: 'delete-invitation',
  text: `DELETE FROM workspace_invitations WHERE workspace_id = $1 AND id = $2 AND accepted_at IS NULL
    RETURNING email, role`,
};
/** The row decides between two acceptances at the same time. */
const ACCEPT = {
  name: 'accept-invitation',
  text: `UPDATE workspace_invitations i SET accepted_at = now() FROM users u, workspaces w, users o
    WHERE i.token_hash = $1 AND ${OPEN} AND u.id = $2 AND lower(u.email) = lower(i.email)
      AND w.id = i.workspace_id AND o.id = w.owner_user_id AND o.is_active
    RETURNING i.id, i.workspace_id AS "workspaceId", i.role`,
};
const JOIN = {
  name: 'join-workspace',
  text: 'INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
};

const SWEEP = {
  name: 'sweep-invitations',
  text: `DELETE FROM workspace_invitations WHERE id IN (
    SELECT id FROM workspace_invitations WHERE expires_at < now() - interval '30 days' LIMIT $1)`,
};

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

export async function isMember(db: Queryable, workspaceId: string, email: string): Promise<boolean> {
  const { rowCount } = await db.query({ ...IS_MEMBER, values: [workspaceId, email] });
  return rowCount !== 0;
}

/** Makes an invitation; its token leaves only here. `null`: the inviter may not give this role any more. */
export async function putInvitation(
  tx: Queryable,
  { workspaceId, email, role, userId }: NewInvitation,
): Promise<{ invitation: InvitationRecord; token: string } | null> {
  const { token } = newToken(TOKEN_PREFIX.invitation);
  const id = newId();
  await tx.query({ ...PUT, values: [id, workspaceId, email, role, hashOf(token), userId] });
  const { rows } = await tx.query<InvitationRecord>({ ...FIND, values: [id] });
  return rows[0] ? { invitation: rows[0], token } : null;
}

export async function listInvitations(
  db: Queryable,
  workspaceId: string,
  { limit, offset }: Page,
): Promise<{ rows: InvitationRecord[]; total: number }> {
  const [{ rows }, counted] = await Promise.all([
    db.query<InvitationRecord>({ ...LIST, values: [workspaceId, limit, offset] }),
    db.query<{ total: number }>({ ...COUNT, values: [workspaceId] }),
  ]);
  return { rows, total: counted.rows[0]!.total };
}

export async function findByToken(db: Queryable, token: string): Promise<InvitationRecord | null> {
  const { rows } = await db.query<InvitationRecord>({ ...FIND_BY_TOKEN, values: [hashOf(token)] });
  return rows[0] ?? null;
}

export async function deleteInvitation(
  tx: Queryable,
  workspaceId: string,
  id: string,
): Promise<{ email: string; role: WorkspaceRole } | null> {
  const { rows } = await tx.query<{ email: string; role: WorkspaceRole }>({ ...DELETE, values: [workspaceId, id] });
  return rows[0] ?? null;
}

/** `null`: there is no such open invitation for this user. `isNew`: false when they were a member already. */
export async function acceptInvitation(
  tx: Queryable,
  token: string,
  userId: string,
): Promise<{ id: string; workspaceId: string; role: WorkspaceRole; isNew: boolean } | null> {
  const accepted = await tx.query<{ id: string; workspaceId: string; role: WorkspaceRole }>({
    ...ACCEPT,
    values: [hashOf(token), userId],
  });
  const invitation = accepted.rows[0];
  if (!invitation) return null;
  const { rowCount } = await tx.query({ ...JOIN, values: [invitation.workspaceId, userId, invitation.role] });
  return { ...invitation, isNew: rowCount === 1 };
}

/** Deletes invitations that ended a month ago, at most `limit`; returns how many. */
export async function sweepInvitations(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [limit] });
  return rowCount ?? 0;
}
