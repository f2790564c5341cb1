import { createHash } from 'node:crypto';
import type { Permission } from '@wa-gate/contracts';
import type { ApiKeyScope, Network, Queryable, WorkspaceRole } from '@wa-gate/db';
import { newId, newToken, TOKEN_PREFIX } from '@wa-gate/kit';

/** What a key is made of. */
export interface KeyMaterial {
  /** Its maker: a key is never worth more than they are in the workspace. */
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
export const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Writes a new key; its token leaves only here. */
export async function mintKey(tx: Queryable, key: KeyMaterial): Promise<{ id: string; token: string }> {
  const { token, displayPrefix } = newToken(key.network === 'LIVE' ? TOKEN_PREFIX.liveKey : TOKEN_PREFIX.testKey);
  const id = newId();
  await tx.query(
    `INSERT INTO api_keys (id, user_id, workspace_id, session_id, scope, role, permissions, allowed_ips, expires_at, name, is_primary, prefix, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
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
  );
  return { id, token };
}
