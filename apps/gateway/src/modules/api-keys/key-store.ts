import type { Permission } from '@wa-gate/contracts';
import type { Network, Queryable, UserTier, WorkspaceRole } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';
import { createAddressList } from '../../http/address-list.ts';
import { ApiError } from '../../http/api-error.ts';
import type { KeyPrincipal } from '../../principal.ts';
import { createRevocableCache } from '../../revocations/revocable-cache.ts';
import type { Revocations } from '../../revocations/revocations.ts';
import { assertAccountActive } from '../identities/index.ts';
import { hashOf, mintKey } from './mint-key.ts';

/** A key that comes with something else: the first of a workspace, the primary one of a session. */
export interface FirstKey {
  userId: string;
  workspaceId: string;
  /** Makes it the primary key of this session; without it the key is for the workspace. */
  sessionId?: string;
  name: string;
  network: Network;
}

/** API keys, cached while they are in use. A revocation takes effect within a second. */
export interface KeyStore {
  /** Mints a key with all powers of its maker, in the caller's transaction; the token is shown once. */
  create(tx: Queryable, key: FirstKey): Promise<string>;
  /**
   * `null`: the key is unknown, revoked or expired, or its maker has no rights in the workspace any more.
   *
   * @throws {ApiError} IP_DENIED when it may not be used from this address, ACCOUNT_DISABLED when the account of its
   * workspace is deactivated
   */
  find(token: string, ip: string): Promise<KeyPrincipal | null>;
}

/**
 * Roles are declared from the strongest to the weakest, so that the greater of two is what both allow. An
 * administrator's key is refused once its maker is no administrator any more.
 */
const FIND = {
  name: 'find-api-key',
  text: `SELECT k.id AS "keyId", k.user_id AS "userId", k.workspace_id AS "workspaceId", k.name, k.scope = 'ADMIN' AS "isAdministrator",
      GREATEST(k.role, m.role) AS role, k.permissions, k.allowed_ips AS "allowedIps", k.expires_at AS "expiresAt",
      (extract(epoch FROM k.expires_at - now()) * 1000)::float8 AS "livesForMs",
      w.owner_user_id AS "accountId", o.tier, o.is_active AS "isAccountActive", s.id AS "sessionId", s.slug, s.network
    FROM api_keys k JOIN users u ON u.id = k.user_id JOIN workspaces w ON w.id = k.workspace_id
    JOIN workspace_members m ON m.workspace_id = k.workspace_id AND m.user_id = k.user_id
    JOIN users o ON o.id = w.owner_user_id LEFT JOIN sessions s ON s.id = k.session_id
    WHERE k.hash = $1 AND k.is_active AND u.is_active AND (k.expires_at IS NULL OR k.expires_at > now())
      AND (k.scope <> 'ADMIN' OR u.role = 'ADMINISTRATOR')`,
};

/** Once a minute and key: `last_used_at` is for people. */
const TOUCH = {
  name: 'touch-api-key',
  text: `UPDATE api_keys SET last_used_at = now() WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '50 seconds')`,
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
  livesForMs: number | null;
  accountId: string;
  tier: UserTier;
  isAccountActive: boolean;
  sessionId: string | null;
  slug: string;
  network: Network;
}

interface KnownKey {
  principal: KeyPrincipal;
  /** On the monotonic clock; a clock that is set does not make a key live longer. */
  deadline: number;
  isTouched: boolean;
  isAccountActive: boolean;
}

function toPrincipal(row: KeyRow): KeyPrincipal {
  const {
    sessionId,
    slug,
    network,
    permissions,
    allowedIps,
    livesForMs: _lifetime,
    isAccountActive: _state,
    ...key
  } = row;
  return {
    ...key,
    kind: 'key',
    permissions: permissions.length > 0 ? new Set(permissions) : null,
    allowedIps: allowedIps.length > 0 ? createAddressList(allowedIps) : null,
    session: sessionId === null ? null : { id: sessionId, slug, network, workspaceId: row.workspaceId },
  };
}

export function createKeyStore(deps: { db: Queryable; revocations: Revocations; logger: Logger }): KeyStore {
  const { db, revocations, logger } = deps;
  const cache = createRevocableCache<KnownKey>({
    revocations,
    async read(hash) {
      const askedAt = performance.now();
      const { rows } = await db.query<KeyRow>({ ...FIND, values: [Buffer.from(hash, 'base64')] });
      const row = rows[0];
      if (!row) return null;
      const deadline = row.livesForMs === null ? Number.POSITIVE_INFINITY : askedAt + row.livesForMs;
      return { principal: toPrincipal(row), deadline, isTouched: false, isAccountActive: row.isAccountActive };
    },
    revokedBy: {
      key: ({ principal }) => principal.keyId,
      user: ({ principal }) => principal.userId,
      account: ({ principal }) => principal.accountId,
      workspace: ({ principal }) => principal.workspaceId,
      session: ({ principal }) => principal.session?.id ?? null,
    },
  });

  /**
   * Once for each time that the key was read, which is about once a minute while it is in use. The request does not
   * wait for it.
   */
  function touch(known: KnownKey): void {
    if (known.isTouched) return;
    known.isTouched = true;
    db.query({ ...TOUCH, values: [known.principal.keyId] }).catch((error: Error) =>
      logger.debug({ err: error }, 'last use of a key not written'),
    );
  }

  return {
    async create(tx, { sessionId = null, ...key }) {
      const { token } = await mintKey(tx, {
        ...key,
        sessionId,
        scope: sessionId ? 'SESSION' : 'WORKSPACE',
        isPrimary: sessionId !== null,
        role: 'OWNER',
        permissions: [],
        allowedIps: [],
        expiresAt: null,
      });
      return token;
    },
    async find(token, ip) {
      const known = await cache.get(hashOf(token).toString('base64'));
      if (!known || performance.now() >= known.deadline) return null;
      const { principal } = known;
      if (principal.allowedIps && !principal.allowedIps.includes(ip)) {
        throw new ApiError('IP_DENIED', { message: 'This key may not be used from this address.' });
      }
      assertAccountActive(known);
      touch(known);
      return principal;
    },
  };
}
