import type { Queryable } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';

const LOCK = `SELECT pg_advisory_xact_lock(hashtext('wa-gate administrators'))`;
const OTHERS = `SELECT 1 FROM users WHERE role = 'ADMINISTRATOR' AND is_active AND id <> $1 LIMIT 1`;

/**
 * Serialises all changes of administrators in the installation: two administrators that demote each other at the same
 * time would both find the other one. Taken before any row is locked.
 */
export async function lockAdministrators(tx: Queryable): Promise<void> {
  await tx.query(LOCK);
}

/**
 * Refuses to lose the last one who can administer. Under {@link lockAdministrators}.
 *
 * @throws {ApiError} LAST_ADMINISTRATOR
 */
export async function assertNotLastAdministrator(tx: Queryable, userId: string): Promise<void> {
  const { rowCount } = await tx.query(OTHERS, [userId]);
  if (!rowCount) throw new ApiError('LAST_ADMINISTRATOR');
}
