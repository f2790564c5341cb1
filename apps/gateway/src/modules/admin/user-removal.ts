import type { DeleteUserResult } from '@wa-gate/contracts';
import type { Pool, Queryable } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { requestDeletion, withdrawDeletion } from '@wa-gate/messaging';
import type { SessionRef } from '../../principal.ts';
import type { Revocations, Revoke } from '../../revocations/revocations.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import { isRefusal, orElseGoesOn } from '../deletions/index.ts';
import type { RemovedSession, SessionRemover } from '../live/index.ts';
import { assertNotLastAdministrator, lockAdministrators } from './last-administrator.ts';
import { changeUser, lockUser, USER_RESOURCE } from './user-changes.ts';

export interface UserRemovalDependencies {
  pool: Pool;
  revocations: Pick<Revocations, 'inTransaction'>;
  remover: SessionRemover;
}

/** Deletes users with everything that is theirs. A job erases what the rows leave. */
export interface UserRemoval {
  /** @throws {ApiError} USER_NOT_FOUND, LAST_ADMINISTRATOR, DELETION_GOES_ON */
  remove(actor: Actor, id: string): Promise<DeleteUserResult>;
  /** One whose deletion was requested, and whose gateway did not come to the end. */
  finish(actor: Actor, id: string): Promise<void>;
}

const SESSIONS = `SELECT s.id, s.slug, s.network, s.workspace_id AS "workspaceId" FROM sessions s
  JOIN workspaces w ON w.id = s.workspace_id WHERE w.owner_user_id = $1 OR s.user_id = $1 ORDER BY s.id`;
const WORKSPACES = 'SELECT id FROM workspaces WHERE owner_user_id = $1';
/** Keys that the user made in workspaces of others go over to the owners of these workspaces. */
const GIVE_KEYS = `UPDATE api_keys k SET user_id = w.owner_user_id FROM workspaces w
  WHERE w.id = k.workspace_id AND k.user_id = $1 AND w.owner_user_id <> $1 AND k.scope <> 'ADMIN' RETURNING k.id`;
/** Workspaces, memberships, keys, logins, tokens and counted requests go with the row; counted messages are erased. */
const DELETE = 'DELETE FROM users WHERE id = $1';

/** A request that was authorized just before the account was closed may still make a session. */
const ROUNDS = 3;

export function createUserRemoval({ pool, revocations, remover }: UserRemovalDependencies): UserRemoval {
  /** First the account is closed, so that nothing new begins, and the deletion is stored: it happens from now on. */
  async function request(actor: Actor, id: string): Promise<string> {
    return await revocations.inTransaction(async (tx, revoke) => {
      await changeUser(tx, revoke, { actor, id, request: { isActive: false } });
      const what = { kind: 'user' as const, subject: id, workspaceId: null, userId: actor.userId, name: '' };
      return await requestDeletion(tx, { id: newId(), ...what, request: { actor } });
    });
  }

  async function removeSessions(actor: Actor, id: string): Promise<RemovedSession[]> {
    const { rows } = await pool.query<SessionRef>(SESSIONS, [id]);
    return remover.remove(actor, rows);
  }

  /** False: there are sessions again. Nothing was deleted then. */
  async function removeRow(actor: Actor, id: string, removed: readonly RemovedSession[]): Promise<boolean> {
    return revocations.inTransaction(async (tx, revoke) => {
      await lockAdministrators(tx);
      const { email, name, role, tier } = await lockUser(tx, id);
      if (role === 'ADMINISTRATOR') await assertNotLastAdministrator(tx, id);
      const { rowCount } = await tx.query(SESSIONS, [id]);
      if (rowCount) return false;
      await revokeAll(tx, revoke, id);
      await tx.query(DELETE, [id]);
      const entry = { action: 'user.deleted', ...USER_RESOURCE, resourceId: id };
      const sessions = removed.map(({ slug }) => slug);
      await writeAudit(tx, actor, { ...entry, before: { email, name, role, tier, sessions } });
      return true;
    });
  }

  async function revokeAll(tx: Queryable, revoke: Revoke, id: string): Promise<void> {
    const given = await tx.query<{ id: string }>(GIVE_KEYS, [id]);
    for (const key of given.rows) await revoke('key', key.id);
    const workspaces = await tx.query<{ id: string }>(WORKSPACES, [id]);
    for (const workspace of workspaces.rows) await revoke('workspace', workspace.id);
    await revoke('user', id);
    await revoke('account', id);
  }

  async function removeAll(actor: Actor, id: string): Promise<DeleteUserResult['sessions']> {
    const removed: RemovedSession[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      removed.push(...(await removeSessions(actor, id)));
      if (await removeRow(actor, id, removed)) {
        return { deleted: removed.length, unlinked: removed.filter((session) => session.unlinked).length };
      }
    }
    throw new Error('new sessions keep coming to a user who is to be deleted');
  }

  return {
    async remove(actor, id) {
      const deletionId = await request(actor, id);
      try {
        const sessions = await orElseGoesOn(deletionId, removeAll(actor, id));
        return { userId: id, deleted: true, sessions, deletionId };
      } catch (error) {
        if (isRefusal(error)) await withdrawDeletion(pool, deletionId);
        throw error;
      }
    },
    finish: async (actor, id) => void (await removeAll(actor, id)),
  };
}
