import type { Pool } from '@wa-gate/db';
import { noteRemoved, type OpenDeletion, withdrawDeletion } from '@wa-gate/messaging';
import type { UsersService } from '../../modules/admin/index.ts';
import { type Actor, SYSTEM_ACTOR } from '../../modules/audit/index.ts';
import { isRefusal } from '../../modules/deletions/index.ts';
import type { SessionRemover } from '../../modules/live/index.ts';
import type { WorkspaceRemoval } from '../../modules/workspaces/index.ts';
import type { SessionRef } from '../../principal.ts';

export interface FinishRequestDependencies {
  pool: Pool;
  remover: SessionRemover;
  workspaceRemoval: Pick<WorkspaceRemoval, 'finish'>;
  users: Pick<UsersService, 'finishDeletion'>;
}

/** Makes a requested deletion to its end, in the name of who asked for it. */
export type FinishRequest = (deletion: OpenDeletion) => Promise<void>;

const SESSION = 'SELECT id, slug, network, workspace_id AS "workspaceId" FROM sessions WHERE id = $1';

export function createFinishRequest(deps: FinishRequestDependencies): FinishRequest {
  const { pool, remover, workspaceRemoval, users } = deps;

  async function remove({ kind, subject, request }: OpenDeletion): Promise<void> {
    const actor = (request?.actor as Actor | undefined) ?? SYSTEM_ACTOR;
    if (kind === 'workspace') return await workspaceRemoval.finish(actor, subject);
    if (kind === 'user') return await users.finishDeletion(actor, subject);
    if (kind === 'session') {
      const { rows } = await pool.query<SessionRef>(SESSION, [subject]);
      await remover.remove(actor, rows);
    }
  }

  return async (deletion) => {
    try {
      await remove(deletion);
    } catch (error) {
      // Gone already, or refused since: the account has become the last administrator, the workspace the only one.
      if (!isRefusal(error)) throw error;
      const { rowCount } = await pool.query(EXISTS[deletion.kind], [deletion.subject]);
      if (rowCount) return await withdrawDeletion(pool, deletion.id);
    }
    await noteRemoved(pool, deletion.id);
  };
}

const EXISTS: Readonly<Record<OpenDeletion['kind'], string>> = {
  session: 'SELECT FROM sessions WHERE id = $1',
  workspace: 'SELECT FROM workspaces WHERE id = $1',
  user: 'SELECT FROM users WHERE id = $1',
  webhook: 'SELECT FROM webhooks WHERE id = $1',
};
