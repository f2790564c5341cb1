import type { Key, KeyScopeName, WorkspaceRoleName } from '@wa-gate/contracts';
import type { KeyRecord } from './keys.repository.ts';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

export const isEnded = ({ isActive, isExpired }: KeyRecord): boolean => !isActive || isExpired;

/** A key as the API shows it. Its token is not in it. */
export function presentKey(key: KeyRecord): Key {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scope: key.scope.toLowerCase() as KeyScopeName,
    sessionId: key.slug,
    isPrimary: key.isPrimary,
    role: key.role.toLowerCase() as WorkspaceRoleName,
    permissions: key.permissions,
    allowedIps: key.allowedIps,
    status: key.isActive ? (key.isExpired ? 'expired' : 'active') : 'revoked',
    expiresAt: iso(key.expiresAt),
    lastUsedAt: iso(key.lastUsedAt),
    revokedAt: iso(key.revokedAt),
    rotatedToId: key.rotatedToId,
    createdBy: { userId: key.userId, email: key.email },
    createdAt: key.createdAt.toISOString(),
  };
}

/** What the audit log tells of a key. */
export function auditKey(key: KeyRecord): Record<string, unknown> {
  const { name, prefix, scope, sessionId, role, permissions, allowedIps, expiresAt } = presentKey(key);
  return { name, prefix, scope, sessionId, role, permissions, allowedIps, expiresAt };
}
