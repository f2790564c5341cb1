import type { Pool, Queryable } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import type { Principal, SessionRef } from '../../principal.ts';
import type { Revocations } from '../../revocations/revocations.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import type { RemovedSession, SessionRemover } from '../live/index.ts';

export interface WorkspaceRemovalDependencies {
  pool: Pool;
  revocations: Pick<Revocations, 'inTransaction'>;
  remover: SessionRemover;
}

/** Deletes the workspace of the principal with everything in it, and returns what became of its sessions. */
export type RemoveWorkspace = (actor: Actor, principal: Principal) => Promise<RemovedSession[]>;

/** Sessions may be made while others are deleted. */
const ROUNDS = 3;

/**
 * Locks the owner's row: two concurrent deletions run one after the other, so that the owner keeps a last workspace.
 */
const LOCK_OWNER = 'SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE';
const HAS_OTHER = 'SELECT 1 FROM workspaces WHERE owner_user_id = $1 AND id <> $2 LIMIT 1';
/** This lock blocks the creation of sessions. */
const LOCK_WORKSPACE = 'SELECT name FROM workspaces WHERE id = $1 FOR UPDATE';
const SESSIONS =
  'SELECT id, slug, network, workspace_id AS "workspaceId" FROM sessions WHERE workspace_id = $1 ORDER BY id';
/** Members, invitations and keys go with the row. */
const DELETE = 'DELETE FROM workspaces WHERE id = $1';

async function assertNotLast(db: Queryable, ownerId: string, workspaceId: string): Promise<void> {
  const { rowCount } = await db.query(HAS_OTHER, [ownerId, workspaceId]);
  if (!rowCount) throw new ApiError('LAST_WORKSPACE');
}

export function createWorkspaceRemoval({ pool, revocations, remover }: WorkspaceRemovalDependencies): RemoveWorkspace {
  async function removeSessions(actor: Actor, workspaceId: string): Promise<RemovedSession[]> {
    const { rows } = await pool.query<SessionRef>(SESSIONS, [workspaceId]);
    return remover.remove(actor, rows);
  }

  /** False: there are sessions again. Nothing was deleted then. */
  const removeRow = (actor: Actor, ownerId: string, workspaceId: string, removed: readonly RemovedSession[]) =>
    revocations.inTransaction(async (tx, revoke) => {
      await tx.query(LOCK_OWNER, [ownerId]);
      await assertNotLast(tx, ownerId, workspaceId);
      const { rows } = await tx.query<{ name: string }>(LOCK_WORKSPACE, [workspaceId]);
      if (!rows[0]) throw new ApiError('WORKSPACE_NOT_FOUND');
      const left = await tx.query(SESSIONS, [workspaceId]);
      if (left.rowCount) return false;
      await tx.query(DELETE, [workspaceId]);
      await revoke('workspace', workspaceId);
      await writeAudit(tx, actor, {
        action: 'workspace.deleted',
        resourceType: 'workspace',
        resourceId: workspaceId,
        before: { name: rows[0].name, sessions: removed.map(({ slug }) => slug) },
      });
      return true;
    });

  return async (actor, { userId, accountId, workspaceId }) => {
    if (userId !== accountId) {
      throw new ApiError('FORBIDDEN', {
        message: 'Only the person whose workspace it is may delete it. You can leave it.',
      });
    }
    // First, because sessions that are deleted do not come back.
    await assertNotLast(pool, accountId, workspaceId);
    const removed: RemovedSession[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      removed.push(...(await removeSessions(actor, workspaceId)));
      if (await removeRow(actor, accountId, workspaceId, removed)) return removed;
    }
    throw new ApiError('INTERNAL', {
      message: 'New sessions keep coming to this workspace. Stop making them, then try again.',
    });
  };
}
