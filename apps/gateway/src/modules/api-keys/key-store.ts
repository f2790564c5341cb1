import { createHash } from 'node:crypto';
import type { Permission } from '@wa-gate/contracts';
import type { Network, Queryable, UserTier, WorkspaceRole } from '@wa-gate/db';
import { type Logger, newId, newToken, TOKEN_PREFIX } from '@wa-gate/kit';
import type { KeyPrincipal } from '../../plugins/auth.ts';
import { createRevocableCache } from '../../revocable-cache.ts';
import type { Revocations } from '../../revocations.ts';

/** What the rest of the gateway needs to know of a session to reach it. */
export interface SessionRef {
  id: string;
  slug: string;
  network: Network;
  workspaceId: string;
}

export interface NewKey {
  userId: string;
  workspaceId: string;
  /** Makes it the primary key of this session; without it the key is for the workspace. */
  sessionId?: string;
  name: string;
  network: Network;
}

/** API keys. Found in memory while a caller keeps asking; a revocation is heard of within a second. */
export interface KeyStore {
  /** Mints a key in the caller's transaction; the token is shown once. */
  create(tx: Queryable, key: NewKey): Promise<string>;
  /** `null`: unknown, inactive or expired. */
  find(token: string): Promise<KeyPrincipal | null>;
}

const FIND = {
  name: 'find-api-key',
  text: `SELECT k.id AS "keyId", k.user_id AS "userId", k.workspace_id AS "workspaceId", k.name, k.scope = 'ADMIN' AS "isAdministrator",
      k.role, k.permissions, k.allowed_ips AS "allowedIps", k.expires_at AS "expiresAt",
      w.owner_user_id AS "accountId", o.tier, s.id AS "sessionId", s.slug, s.network
    FROM api_keys k JOIN users u ON u.id = k.user_id JOIN workspaces w ON w.id = k.workspace_id
    JOIN users o ON o.id = w.owner_user_id LEFT JOIN sessions s ON s.id = k.session_id
    WHERE k.hash = $1 AND k.is_active AND u.is_active AND o.is_active AND (k.expires_at IS NULL OR k.expires_at > now())`,
};

/** Once a minute and key: `last_used_at` is for people. */
const TOUCH = {
  name: 'touch-api-key',
  text: `UPDATE api_keys SET last_used_at = now() WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
};

interface KeyRow {
  keyId: string;
  userId: string;
  workspaceId: string;
  name: string;
  isAdministrator: boolean;
  role: WorkspaceRole;
  permissions: Permission[];
  allowedIps: string[];
  expiresAt: Date | null;
  accountId: string;
  tier: UserTier;
  sessionId: string | null;
  slug: string;
  network: Network;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

function toPrincipal(row: KeyRow): KeyPrincipal {
  const { sessionId, slug, network, permissions, ...key } = row;
  return {
    ...key,
    kind: 'key',
    permissions: permissions.length > 0 ? new Set(permissions) : null,
    session: sessionId === null ? null : { id: sessionId, slug, network, workspaceId: row.workspaceId },
  };
}

export function createKeyStore(deps: { db: Queryable; revocations: Revocations; logger: Logger }): KeyStore {
  const { db, revocations, logger } = deps;
  const cache = createRevocableCache<KeyPrincipal>({
    revocations,
    async read(hash) {
      const { rows } = await db.query<KeyRow>({ ...FIND, values: [Buffer.from(hash, 'base64')] });
      if (!rows[0]) return null;
      // Nobody waits for it.
      db.query({ ...TOUCH, values: [rows[0].keyId] }).catch((error: Error) =>
        logger.debug({ err: error }, 'last use of a key not written'),
      );
      return toPrincipal(rows[0]);
    },
    revokedBy: {
      key: ({ keyId }) => keyId,
      user: ({ userId }) => userId,
      account: ({ accountId }) => accountId,
      workspace: ({ workspaceId }) => workspaceId,
      session: ({ session }) => session?.id ?? null,
    },
  });

  return {
    async create(tx, key) {
      const { token, displayPrefix } = newToken(key.network === 'LIVE' ? TOKEN_PREFIX.liveKey : TOKEN_PREFIX.testKey);
      await tx.query(
        `INSERT INTO api_keys (id, user_id, workspace_id, session_id, scope, name, prefix, hash, is_primary)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          newId(),
          key.userId,
          key.workspaceId,
          key.sessionId ?? null,
          key.sessionId ? 'SESSION' : 'WORKSPACE',
          key.name,
          displayPrefix,
          hashOf(token),
          key.sessionId !== undefined,
        ],
      );
      return token;
    },
    async find(token) {
      const principal = await cache.get(hashOf(token).toString('base64'));
      // Remembered from before its end.
      if (principal?.expiresAt && principal.expiresAt.getTime() <= Date.now()) return null;
      return principal;
    },
  };
}
