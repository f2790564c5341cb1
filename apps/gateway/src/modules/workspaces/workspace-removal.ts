import { inTransaction, type Pool, type Queryable } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { isBeingDeleted, requestDeletion, withdrawDeletion } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import type { Principal, SessionRef } from '../../principal.ts';
import type { Revocations } from '../../revocations/revocations.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import { isRefusal, orElseGoesOn } from '../deletions/index.ts';
import type { RemovedSession, SessionRemover } from '../live/index.ts';

export interface WorkspaceRemovalDependencies {
  pool: Pool;
  revocations: Pick<Revocations, 'inTransaction'>;
  remover: SessionRemover;
}

export interface RemovedWorkspace {
  deletionId: string;
  /** What became of its sessions. */
  sessions: RemovedSession[];
}

/** Deletes workspaces with everything in them. A job erases what the rows leave. */
export interface WorkspaceRemoval {
  /**
   * The workspace of the principal.
   *
   * @throws {ApiError} LAST_WORKSPACE, DELETION_GOES_ON
   */
  remove(actor: Actor, principal: Principal): Promise<RemovedWorkspace>;
  /** One whose deletion was requested, and whose gateway did not come to the end. */
  finish(actor: Actor, workspaceId: string): Promise<void>;
}

/** Sessions may be made while others are deleted. */
const ROUNDS = 3;

/**
 * Locks the owner's row: two concurrent deletions run one after the other, so that the owner keeps a last workspace.
 */
const LOCK_OWNER = 'SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE';
/** One that is about to be deleted does not count. */
const HAS_OTHER = `SELECT 1 FROM workspaces w WHERE owner_user_id = $1 AND id <> $2 AND NOT ${isBeingDeleted('workspace', 'w.id')} LIMIT 1`;
const NAME_AND_OWNER = 'SELECT name, owner_user_id AS "ownerId" FROM workspaces WHERE id = $1';
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

export function createWorkspaceRemoval({ pool, revocations, remover }: WorkspaceRemovalDependencies): WorkspaceRemoval {
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

  /** Before anything of it happens: sessions that are deleted do not come back. */
  const request = (actor: Actor, ownerId: string, workspaceId: string) =>
    inTransaction(pool, async (tx) => {
      await tx.query(LOCK_OWNER, [ownerId]);
      await assertNotLast(tx, ownerId, workspaceId);
      const { rows } = await tx.query<{ name: string }>(NAME_AND_OWNER, [workspaceId]);
      if (!rows[0]) throw new ApiError('WORKSPACE_NOT_FOUND');
      const what = {
        kind: 'workspace' as const,
        subject: workspaceId,
        workspaceId,
        userId: ownerId,
        name: rows[0].name,
      };
      return await requestDeletion(tx, { id: newId(), ...what, request: { actor } });
    });

  async function removeAll(actor: Actor, ownerId: string, workspaceId: string): Promise<RemovedSession[]> {
    const removed: RemovedSession[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      removed.push(...(await removeSessions(actor, workspaceId)));
      if (await removeRow(actor, ownerId, workspaceId, removed)) return removed;
    }
    throw new Error('new sessions keep coming to a workspace that is to be deleted');
  }

  return {
    async remove(actor, { userId, accountId, workspaceId }) {
      if (userId !== accountId) {
        throw new ApiError('FORBIDDEN', {
          message: 'Only the person whose workspace it is may delete it. You can leave it.',
        });
      }
      const deletionId = await request(actor, accountId, workspaceId);
      try {
        return { deletionId, sessions: await orElseGoesOn(deletionId, removeAll(actor, accountId, workspaceId)) };
      } catch (error) {
        if (isRefusal(error)) await withdrawDeletion(pool, deletionId);
        throw error;
      }
    },
    async finish(actor, workspaceId) {
      const { rows } = await pool.query<{ ownerId: string }>(NAME_AND_OWNER, [workspaceId]);
      if (rows[0]) await removeAll(actor, rows[0].ownerId, workspaceId);
    },
  };
}
