import { createHash } from 'node:crypto';
import type { Network, Queryable } from '@wa-gate/db';
import { createSingleFlight, type Logger, newId, newToken, type Redis, redisKeys, TOKEN_PREFIX } from '@wa-gate/kit';
import { LRUCache } from 'lru-cache';
import type { Principal } from '../../plugins/auth.ts';
import type { Subscriptions } from '../../subscriptions.ts';

/** What the rest of the gateway needs to know of a session to reach it. */
export interface SessionRef {
  id: string;
  slug: string;
  network: Network;
  workspaceId: string;
}

type KeyPrincipal = Extract<Principal, { kind: 'key' }>;

export interface NewKey {
  userId: string;
  workspaceId: string;
  /** Makes it the primary key of this session; without it the key is for the workspace. */
  sessionId?: string;
  name: string;
  network: Network;
}

/** API keys. Found in memory while a caller keeps asking: a revocation is told over Redis, and believed after {@link TTL_MS} without. */
export interface KeyStore {
  /** Mints a key in the caller's transaction; the token is shown once. */
  create(tx: Queryable, key: NewKey): Promise<string>;
  /** `null`: unknown, inactive or expired. */
  find(token: string): Promise<KeyPrincipal | null>;
  /** Forgets the keys of a session, here and at the other gateways. */
  forgetSession(sessionId: string): void;
}

const TTL_MS = 15_000;
const MAX_ENTRIES = 20_000;

const FIND = {
  name: 'find-api-key',
  text: `SELECT k.id AS "keyId", k.user_id AS "userId", k.workspace_id AS "workspaceId", k.scope = 'ADMIN' AS "isAdministrator",
      s.id AS "sessionId", s.slug, s.network
    FROM api_keys k JOIN users u ON u.id = k.user_id LEFT JOIN sessions s ON s.id = k.session_id
    WHERE k.hash = $1 AND k.is_active AND u.is_active AND (k.expires_at IS NULL OR k.expires_at > now())`,
};

const TOUCH = { name: 'touch-api-key', text: 'UPDATE api_keys SET last_used_at = now() WHERE id = $1' };

interface KeyRow {
  keyId: string;
  userId: string;
  workspaceId: string;
  isAdministrator: boolean;
  sessionId: string | null;
  slug: string;
  network: Network;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

function toPrincipal(row: KeyRow): KeyPrincipal {
  const { keyId, userId, workspaceId, isAdministrator, sessionId, slug, network } = row;
  const session = sessionId === null ? null : { id: sessionId, slug, network, workspaceId };
  return { kind: 'key', keyId, userId, workspaceId, isAdministrator, session };
}

export function createKeyStore(deps: {
  db: Queryable;
  redis: Redis;
  subscriptions: Subscriptions;
  logger: Logger;
}): KeyStore {
  const { db, redis, subscriptions, logger } = deps;
  const cache = new LRUCache<string, KeyPrincipal>({ max: MAX_ENTRIES, ttl: TTL_MS });
  const singleFlight = createSingleFlight<KeyPrincipal | null>();

  function forgetLocally(sessionId: string): void {
    for (const [hash, principal] of cache.entries()) {
      if (principal.session?.id === sessionId) cache.delete(hash);
    }
  }
  void subscriptions.subscribe(redisKeys.authChanges(), forgetLocally);

  async function read(hash: Buffer): Promise<KeyPrincipal | null> {
    const { rows } = await db.query<KeyRow>({ ...FIND, values: [hash] });
    if (!rows[0]) return null;
    // Once per TTL and key, and nobody waits for it: `last_used_at` is for people.
    db.query({ ...TOUCH, values: [rows[0].keyId] }).catch((error: Error) =>
      logger.debug({ err: error }, 'last use of a key not written'),
    );
    return toPrincipal(rows[0]);
  }

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
      const hash = hashOf(token);
      const key = hash.toString('base64');
      const cached = cache.get(key);
      if (cached) return cached;
      const principal = await singleFlight(key, () => read(hash));
      if (principal) cache.set(key, principal);
      return principal;
    },
    forgetSession(sessionId) {
      forgetLocally(sessionId);
      redis.publish(redisKeys.authChanges(), sessionId).catch(() => undefined);
    },
  };
}
