import { PERMISSIONS, ROLE_PERMISSIONS, type WorkspaceRoleName, workspaceRoleOf } from '@wa-gate/contracts';
import type { WorkspaceRole } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { isAllowed, type Principal } from '../../principal.ts';

/**
 * The role of a request, when the caller may grant it. Callers may not grant a role above their own: they could grant
 * it to themselves.
 *
 * @throws {ApiError} FORBIDDEN
 */
export function roleToGive(principal: Principal, word: string): WorkspaceRole {
  const role = workspaceRoleOf(word) as WorkspaceRoleName;
  const foreign = PERMISSIONS.find(
    (permission) => ROLE_PERMISSIONS[role][permission] && !isAllowed(principal, permission),
  );
  if (foreign) {
    throw new ApiError('FORBIDDEN', {
      message: `You cannot give the role ${role}: it has the permission \`${foreign}\`, which you do not have.`,
    });
  }
  return role.toUpperCase() as WorkspaceRole;
}
