import { SESSION_SLUG_PATTERN } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { Principal, SessionRef } from '../../principal.ts';
import { createRevocableCache } from '../../revocations/revocable-cache.ts';
import type { Revocations } from '../../revocations/revocations.ts';

/**
 * Finds the session of `{id}`: its slug in the caller's workspace, or for administrators also the internal id. A
 * session that the caller may not see gets the same 404 as one that does not exist.
 */
export interface SessionDirectory {
  /** @throws {ApiError} SESSION_NOT_FOUND */
  resolve(principal: Principal, id: string): Promise<SessionRef>;
  /**
   * Finds the session of a call that names none: that of its key, else the only one of the workspace, else the
   * workspace's default.
   *
   * @throws {ApiError} SESSION_NOT_FOUND, SESSION_AMBIGUOUS
   */
  resolveDefault(principal: Principal): Promise<SessionRef>;
}

const MAX_ENTRIES = 50_000;

const COLUMNS = 'SELECT id, slug, network, workspace_id AS "workspaceId" FROM sessions';
const BY_SLUG = { name: 'find-session', text: `${COLUMNS} WHERE workspace_id = $1 AND slug = $2` };
const BY_ID = { name: 'find-session-by-id', text: `${COLUMNS} WHERE id = $1` };
/** Two rows are enough to know that there are several. */
const DEFAULT = {
  name: 'find-default-session',
  text: `SELECT s.id, s.slug, s.network, s.workspace_id AS "workspaceId", s.id = w.default_session_id AS "isDefault"
    FROM workspaces w JOIN sessions s ON s.workspace_id = w.id WHERE w.id = $1
    ORDER BY s.id = w.default_session_id DESC NULLS LAST LIMIT 2`,
};
/** What no session can be called is not looked for: PostgreSQL refuses some of it. Internal ids fit too. */
const SLUG = new RegExp(SESSION_SLUG_PATTERN);

export function createSessionDirectory(deps: { db: Queryable; revocations: Revocations }): SessionDirectory {
  const { db, revocations } = deps;
  const bySlug = createRevocableCache<SessionRef>({
    revocations,
    async read(key) {
      const slash = key.indexOf('/');
      const { rows } = await db.query<SessionRef>({ ...BY_SLUG, values: [key.slice(0, slash), key.slice(slash + 1)] });
      return rows[0] ?? null;
    },
    revokedBy: { session: ({ id }) => id },
    maxEntries: MAX_ENTRIES,
  });

  async function byInternalId(id: string): Promise<SessionRef | undefined> {
    if (!isUuid(id)) return undefined;
    const { rows } = await db.query<SessionRef>({ ...BY_ID, values: [id] });
    return rows[0];
  }

  return {
    async resolve(principal, id) {
      if (principal.kind === 'key' && principal.session) {
        if (principal.session.slug === id) return principal.session;
        throw new ApiError('SESSION_NOT_FOUND');
      }
      if (!SLUG.test(id)) throw new ApiError('SESSION_NOT_FOUND');
      const found =
        (await bySlug.get(`${principal.workspaceId}/${id}`)) ??
        (principal.isAdministrator ? await byInternalId(id) : undefined);
      if (!found) throw new ApiError('SESSION_NOT_FOUND');
      return found;
    },
    // Not from memory: whether it is the only one changes with every session that is created.
    async resolveDefault(principal) {
      if (principal.kind === 'key' && principal.session) return principal.session;
      const { rows } = await db.query<SessionRef & { isDefault: boolean | null }>({
        ...DEFAULT,
        values: [principal.workspaceId],
      });
      const [first, second] = rows;
      if (!first) {
        throw new ApiError('SESSION_NOT_FOUND', {
          message: 'This workspace has no session yet. Create one with POST /api/sessions.',
        });
      }
      const { isDefault, ...session } = first;
      if (second && !isDefault) throw new ApiError('SESSION_AMBIGUOUS');
      return session;
    },
  };
}
