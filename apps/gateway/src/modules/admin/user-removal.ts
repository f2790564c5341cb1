import type { DeleteUserResult } from '@wa-gate/contracts';
import type { Pool, Queryable } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import type { SessionRef } from '../../principal.ts';
import type { Revocations, Revoke } from '../../revocations/revocations.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import type { RemovedSession, SessionRemover } from '../live/index.ts';
import { assertNotLastAdministrator, lockAdministrators } from './last-administrator.ts';
import { changeUser, lockUser, USER_RESOURCE } from './user-changes.ts';

export interface UserRemovalDependencies {
  pool: Pool;
  revocations: Pick<Revocations, 'inTransaction'>;
  remover: SessionRemover;
}

/** Deletes a user with everything that is theirs. */
export type RemoveUser = (actor: Actor, id: string) => Promise<DeleteUserResult>;

const SESSIONS = `SELECT s.id, s.slug, s.network, s.workspace_id AS "workspaceId" FROM sessions s
  JOIN workspaces w ON w.id = s.workspace_id WHERE w.owner_user_id = $1 OR s.user_id = $1 ORDER BY s.id`;
const WORKSPACES = 'SELECT id FROM workspaces WHERE owner_user_id = $1';
/** Keys that the user made in workspaces of others go over to the owners of these workspaces. */
const GIVE_KEYS = `UPDATE api_keys k SET user_id = w.owner_user_id FROM workspaces w
  WHERE w.id = k.workspace_id AND k.user_id = $1 AND w.owner_user_id <> $1 AND k.scope <> 'ADMIN' RETURNING k.id`;
/** No foreign key deletes it: usage outlives the sessions that it counts. */
const DELETE_MESSAGE_USAGE = 'DELETE FROM message_usage WHERE user_id = $1';
/** Workspaces, memberships, keys, logins, tokens and usage go with the row. */
const DELETE = 'DELETE FROM users WHERE id = $1';

/** A request that was authorized just before the account was closed may still make a session. */
const ROUNDS = 3;

export function createUserRemoval({ pool, revocations, remover }: UserRemovalDependencies): RemoveUser {
  /** First the account is closed, so that nothing new begins. If the process ends here, the account stays closed. */
  async function close(actor: Actor, id: string): Promise<void> {
    await revocations.inTransaction(async (tx, revoke) => {
      await changeUser(tx, revoke, { actor, id, request: { isActive: false } });
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
      await tx.query(DELETE_MESSAGE_USAGE, [id]);
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

  return async (actor, id) => {
    await close(actor, id);
    const removed: RemovedSession[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      removed.push(...(await removeSessions(actor, id)));
      if (await removeRow(actor, id, removed)) {
        const unlinked = removed.filter((session) => session.unlinked).length;
        return { userId: id, deleted: true, sessions: { deleted: removed.length, unlinked } };
      }
    }
    throw new ApiError('INTERNAL', { message: 'The user is deactivated, but could not be deleted now. Try again.' });
  };
}
