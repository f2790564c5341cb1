import type { Queryable } from '@wa-gate/db';
import { createSingleFlight } from '@wa-gate/kit';
import { LRUCache } from 'lru-cache';
import { ApiError } from '../../api-error.ts';
import type { Principal } from '../../plugins/auth.ts';
import type { SessionRef } from '../api-keys/index.ts';

/**
 * Finds the session that a caller means by `{id}`: its slug in the caller's workspace, or for administrators also the internal id. What
 * the caller may not see is the same 404 as what does not exist.
 */
export interface SessionDirectory {
  /** @throws {ApiError} SESSION_NOT_FOUND */
  resolve(principal: Principal, id: string): Promise<SessionRef>;
  /** Forgets a deleted session. */
  forget(session: SessionRef): void;
}

/** How long a deleted session may still be found at other gateways; all that they can do then is find no row. */
const TTL_MS = 5_000;
const MAX_ENTRIES = 50_000;

const COLUMNS = 'SELECT id, slug, network, workspace_id AS "workspaceId" FROM sessions';
const BY_SLUG = { name: 'find-session', text: `${COLUMNS} WHERE workspace_id = $1 AND slug = $2` };
const BY_ID = { name: 'find-session-by-id', text: `${COLUMNS} WHERE id = $1` };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function createSessionDirectory(db: Queryable): SessionDirectory {
  const cache = new LRUCache<string, SessionRef>({ max: MAX_ENTRIES, ttl: TTL_MS });
  const singleFlight = createSingleFlight<SessionRef | undefined>();
  const keyOf = (workspaceId: string, slug: string) => `${workspaceId}/${slug}`;

  async function bySlug(workspaceId: string, slug: string): Promise<SessionRef | undefined> {
    const key = keyOf(workspaceId, slug);
    const cached = cache.get(key);
    if (cached) return cached;
    const found = await singleFlight(key, async () => {
      const { rows } = await db.query<SessionRef>({ ...BY_SLUG, values: [workspaceId, slug] });
      return rows[0];
    });
    if (found) cache.set(key, found);
    return found;
  }

  async function byInternalId(id: string): Promise<SessionRef | undefined> {
    if (!UUID.test(id)) return undefined;
    const { rows } = await db.query<SessionRef>({ ...BY_ID, values: [id] });
    return rows[0];
  }

  return {
    async resolve(principal, id) {
      if (principal.kind === 'key' && principal.session) {
        if (principal.session.slug === id) return principal.session;
        throw new ApiError('SESSION_NOT_FOUND');
      }
      const found =
        (await bySlug(principal.workspaceId, id)) ?? (principal.isAdministrator ? await byInternalId(id) : undefined);
      if (!found) throw new ApiError('SESSION_NOT_FOUND');
      return found;
    },
    forget(session) {
      cache.delete(keyOf(session.workspaceId, session.slug));
    },
  };
}
