import { LIMITS, PERMISSIONS, ROLE_PERMISSIONS, type Workspace, type WorkspaceRoleName } from '@wa-gate/contracts';
import { inTransaction, type Pool, type WorkspaceRole } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { isAllowed, type Principal } from '../../principal.ts';
import { type Actor, changedFields, writeAudit } from '../audit/index.ts';
import { createWorkspace } from '../auth/index.ts';
import { lockAccount } from '../tiers/index.ts';
import {
  countOwnWorkspaces,
  findWorkspace,
  listWorkspaces,
  renameWorkspace,
  type WorkspaceRecord,
} from './workspaces.repository.ts';

/** Workspaces: what people work in together, each with one owner whose tier counts. */
export interface WorkspacesService {
  list(userId: string, page: { page: number; limit: number }): Promise<{ workspaces: Workspace[]; total: number }>;
  /** The workspace of the principal. */
  get(principal: Principal): Promise<Workspace>;
  create(actor: Actor, userId: string, name: string): Promise<Workspace>;
  rename(actor: Actor, principal: Principal, name: string): Promise<Workspace>;
}

const roleWord = (role: WorkspaceRole): WorkspaceRoleName => role.toLowerCase() as WorkspaceRoleName;

function present(
  workspace: WorkspaceRecord,
  role: WorkspaceRoleName,
  permissions: Workspace['permissions'],
): Workspace {
  const { id, name, ownerUserId, members, sessions, createdAt } = workspace;
  return {
    id,
    name,
    ownerUserId,
    workspaceRole: role,
    permissions,
    members,
    sessions,
    createdAt: createdAt.toISOString(),
  };
}

const presentByRole = (workspace: WorkspaceRecord, role: WorkspaceRole): Workspace =>
  present(
    workspace,
    roleWord(role),
    PERMISSIONS.filter((permission) => ROLE_PERMISSIONS[roleWord(role)][permission]),
  );

export function createWorkspacesService({ pool }: { pool: Pool }): WorkspacesService {
  async function get(principal: Principal): Promise<Workspace> {
    const found = await findWorkspace(pool, principal.workspaceId);
    if (!found) throw new ApiError('WORKSPACE_NOT_FOUND');
    return present(
      found,
      roleWord(principal.role),
      PERMISSIONS.filter((permission) => isAllowed(principal, permission)),
    );
  }

  return {
    async list(userId, { page, limit }) {
      const { rows, total } = await listWorkspaces(pool, userId, { limit, offset: (page - 1) * limit });
      return { workspaces: rows.map((row) => presentByRole(row, row.role)), total };
    },
    get,
    async create(actor, userId, name) {
      const made = await inTransaction(pool, async (tx) => {
        await lockAccount(tx, userId);
        if ((await countOwnWorkspaces(tx, userId)) >= LIMITS.ownWorkspaces) throw new ApiError('WORKSPACE_LIMIT');
        const { workspaceId } = await createWorkspace(tx, userId, name);
        await writeAudit(tx, actor, {
          action: 'workspace.created',
          resourceType: 'workspace',
          resourceId: workspaceId,
          workspaceId,
          after: { name },
        });
        return findWorkspace(tx, workspaceId);
      });
      return presentByRole(made!, 'OWNER');
    },
    async rename(actor, principal, name) {
      const id = principal.workspaceId;
      await inTransaction(pool, async (tx) => {
        const formerName = await renameWorkspace(tx, id, name);
        if (formerName === null) throw new ApiError('WORKSPACE_NOT_FOUND');
        if (formerName === name) return;
        await writeAudit(tx, actor, {
          action: 'workspace.updated',
          resourceType: 'workspace',
          resourceId: id,
          ...changedFields({ name: formerName }, { name }),
        });
      });
      return get(principal);
    },
  };
}
