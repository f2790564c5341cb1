import type { Queryable } from '@wa-gate/db';
import { type Ownership, StaleEpochError } from '../fence.ts';
import { type KeyEntry, type KeyReference, writeManySessionKeys } from '../key-store.ts';

/**
 * Writes keys of one session with the statement of a worker.
 *
 * @throws {StaleEpochError}
 */
export async function writeKeys(
  db: Queryable,
  owner: Ownership,
  upserts: readonly KeyEntry[],
  deletes: readonly KeyReference[] = [],
): Promise<void> {
  const stale = await writeManySessionKeys(db, [{ owner, upserts, deletes }]);
  if (stale.length > 0) throw new StaleEpochError(stale);
}
