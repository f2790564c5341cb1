import type { Queryable } from '@wa-gate/db';
import { createRevocableCache } from '../../revocations/revocable-cache.ts';
import type { Revocations } from '../../revocations/revocations.ts';

/** Logins that have not ended: an access token is refused after the end of its login. */
export interface LiveLogins {
  isAlive(loginId: string): Promise<boolean>;
}

const FIND = {
  name: 'find-login',
  text: 'SELECT id FROM logins WHERE id = $1 AND ended_at IS NULL AND expires_at > now()',
};

export function createLiveLogins({ db, revocations }: { db: Queryable; revocations: Revocations }): LiveLogins {
  const cache = createRevocableCache<{ id: string }>({
    revocations,
    async read(loginId) {
      const { rows } = await db.query<{ id: string }>({ ...FIND, values: [loginId] });
      return rows[0] ?? null;
    },
    revokedBy: { login: ({ id }) => id },
  });
  return { isAlive: async (loginId) => (await cache.get(loginId)) !== null };
}
