import type { Pool } from '@wa-gate/db';
import { claimDeletion, endPass } from '../deletions/deletions.ts';
import { type ErasePosition, erasePart } from '../deletions/erase-part.ts';
import { ERASED_TABLES } from '../deletions/erased-tables.ts';

/** Times in the database are rounded to milliseconds, also upwards: what was deleted just now may be due in one. */
async function isDueSoon(pool: Pool): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT FROM deletions WHERE state = 'erasing' AND not_before <= now() + interval '2 ms'`,
  );
  return rowCount! > 0;
}

/** Erases now what deletions have left, as the jobs of the gateway do at their pace. */
export async function eraseAll(pool: Pool, limit = 1_000): Promise<void> {
  for (;;) {
    const deletion = await claimDeletion(pool);
    if (!deletion && !(await isDueSoon(pool))) return;
    if (!deletion) continue;
    let deleted = 0;
    for (const step of ERASED_TABLES[deletion.kind].keys()) {
      let position: ErasePosition | undefined;
      for (let seen = limit; seen === limit; ) {
        const part = await erasePart(pool, deletion, step, position, limit);
        ({ position, seen } = part);
        deleted += part.deleted;
      }
    }
    await endPass(pool, deletion.id, deleted, 0);
  }
}
