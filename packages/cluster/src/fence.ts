/**
 * The fence (docs/decisions/0004-the-fence.md). Every write that only the owner of a session may make (keys, outbox
 * states, messages, events, status) is one statement that begins with this CTE. It locks the placement row FOR SHARE
 * for the length of the statement, and matches nothing when the epoch has changed. A concurrent takeover waits for the
 * commit of this statement and then sees its writes (I2). A plain `WHERE epoch = …`, `FOR KEY SHARE`, and a
 * one-statement `INSERT … SELECT` without the lock were tried: each lost an update under the new owner.
 */

/** The claimed ownership of a session: every fenced statement carries this pair. */
export interface Ownership {
  sessionId: string;
  epoch: number;
}

/** The placement has changed: the session has another owner, or none. Ends the actor (I7); never retried. */
export class StaleEpochError extends Error {
  override name = 'StaleEpochError';
  readonly sessionIds: readonly string[];

  constructor(sessionIds: readonly string[]) {
    super(`The placement of ${sessionIds.length} session(s) has moved on; the write was refused.`);
    this.sessionIds = sessionIds;
  }
}

/** CTE `fence(session_id, epoch)` for one session; parameters $1 = session id, $2 = epoch. */
export const FENCE_ONE = `fence AS (
  SELECT session_id, epoch FROM session_placements
  WHERE session_id = $1 AND epoch = $2 AND state <> 'UNASSIGNED'
  FOR SHARE
)`;

/**
 * SQL of an array parameter whose length PostgreSQL does not look at when it plans. By the length of a short array it
 * would find a plan for those values cheaper than one for all, and plan the statement again each time: of a long
 * statement that takes longer than all that it does. For a statement that finds its rows by keys, however many.
 */
export function ofAnyLength(parameter: string): string {
  return `(SELECT ${parameter})`;
}

const fenceMany = (ids: string, epochs: string): string => `claimed AS (
  SELECT * FROM unnest(${ids}, ${epochs}) AS c(session_id, epoch)
), fence AS (
  SELECT p.session_id, p.epoch, p.worker_id FROM session_placements p JOIN claimed c USING (session_id, epoch)
  WHERE p.state <> 'UNASSIGNED'
  ORDER BY p.session_id
  FOR SHARE OF p
)`;

/**
 * CTE `fence(session_id, epoch, worker_id)` for many sessions of one worker; parameters $1 = session ids (uuid[]), $2 =
 * epochs (bigint[]), one pair per session. Rows are locked in id order, so that two batches cannot deadlock.
 */
export const FENCE_MANY = fenceMany('$1::uuid[]', '$2::bigint[]');

/** The same for a statement whose arrays are {@link ofAnyLength}. */
export const FENCE_MANY_OF_ANY_LENGTH = fenceMany(ofAnyLength('$1::uuid[]'), ofAnyLength('$2::bigint[]'));

/**
 * Parameters of {@link FENCE_MANY}, each session once.
 *
 * @throws {RangeError} when a batch has two epochs of one session: the fence would check only one of them
 */
export function fenceParameters(owners: Iterable<Ownership>): { sessionIds: string[]; epochs: number[] } {
  const bySession = new Map<string, number>();
  for (const { sessionId, epoch } of owners) {
    if ((bySession.get(sessionId) ?? epoch) !== epoch)
      throw new RangeError(`A batch names two epochs of ${sessionId}.`);
    bySession.set(sessionId, epoch);
  }
  return { sessionIds: [...bySession.keys()], epochs: [...bySession.values()] };
}
