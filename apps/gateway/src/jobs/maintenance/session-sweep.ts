import type { Queryable } from '@wa-gate/db';

/** The position of a sweep over the sessions. A hint: a new process begins at the start. */
export interface SessionSweep {
  after: string;
}

/** A statement that looks at the sessions behind `$1`, and deletes at most `$2` rows of theirs. */
export interface SweepStatement {
  name: string;
  /** Its row: `deleted` and `sessions` are counts, `last` is the id of the last session, or null. */
  text: string;
}

/** Sessions that one statement looks at: most have nothing that is too old. */
export const SESSIONS_AT_ONCE = 500;

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
export const newSessionSweep = (): SessionSweep => ({ after: FIRST_ID });

/**
 * Deletes at most `limit` rows. Returns their count, or `limit` where sessions are left to look at; call it again while
 * that is `limit`.
 */
export async function sweepOn(
  db: Queryable,
  statement: SweepStatement,
  sweep: SessionSweep,
  limit: number,
): Promise<number> {
  const { rows } = await db.query<{ deleted: number; sessions: number; last: string | null }>({
    ...statement,
    values: [sweep.after, limit],
  });
  const { deleted, sessions, last } = rows[0]!;
  // More of the same sessions.
  if (deleted === limit) return limit;
  const isLast = sessions < SESSIONS_AT_ONCE;
  sweep.after = isLast ? FIRST_ID : last!;
  return isLast ? Math.min(deleted, limit - 1) : limit;
}
