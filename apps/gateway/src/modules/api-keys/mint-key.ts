import { hash } from 'node:crypto';
import type { Permission } from '@wa-gate/contracts';
import type { ApiKeyScope, Network, Queryable, WorkspaceRole } from '@wa-gate/db';
import { newId, newToken, TOKEN_PREFIX } from '@wa-gate/kit';
import { ApiError } from '../../http/api-error.ts';

/** What a key is made of. */
export interface KeyMaterial {
  /** Its maker: a key never has more rights than its maker has in the workspace. */
  userId: string;
  workspaceId: string;
  /** Set when, and only when, the scope is `SESSION`. */
  sessionId: string | null;
  scope: ApiKeyScope;
  role: WorkspaceRole;
  permissions: readonly Permission[];
  allowedIps: readonly string[];
  expiresAt: Date | null;
  name: string;
  isPrimary: boolean;
  /** Tells live keys from test keys at first sight. */
  network: Network;
}

/** 256 random bits need no slow hash. */
export const hashOf = (token: string): Buffer => hash('sha256', token, 'buffer');

/**
 * Locks the maker's membership, so that a key that is made while the maker loses the role is not stored with the former
 * role. Roles are declared from the strongest to the weakest: the greater of two is the lesser one.
 */
const INSERT = {
  name: 'mint-api-key',
  text: `INSERT INTO api_keys (id, user_id, workspace_id, session_id, scope, role, permissions, allowed_ips, expires_at, name, is_primary, prefix, hash)
    SELECT $1, m.user_id, m.workspace_id, $4, $5::"ApiKeyScope", GREATEST($6::"WorkspaceRole", m.role), $7, $8, $9, $10, $11, $12, $13
    FROM workspace_members m WHERE m.user_id = $2 AND m.workspace_id = $3 FOR SHARE`,
};

/**
 * Writes a new key; its token leaves only here.
 *
 * @throws {ApiError} UNAUTHENTICATED when the maker is no member of the workspace any more
 */
export async function mintKey(tx: Queryable, key: KeyMaterial): Promise<{ id: string; token: string }> {
  const { token, displayPrefix } = newToken(key.network === 'LIVE' ? TOKEN_PREFIX.liveKey : TOKEN_PREFIX.testKey);
  const id = newId();
  const { rowCount } = await tx.query({
    ...INSERT,
    values: [
      id,
      key.userId,
      key.workspaceId,
      key.sessionId,
      key.scope,
      key.role,
      key.permissions,
      key.allowedIps,
      key.expiresAt,
      key.name,
      key.isPrimary,
      displayPrefix,
      hashOf(token),
    ],
  });
  if (!rowCount) throw new ApiError('UNAUTHENTICATED');
  return { id, token };
}
