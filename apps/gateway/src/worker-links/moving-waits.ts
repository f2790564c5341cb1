import type { Queryable } from '@wa-gate/db';
import { backoffDelay, type Clock } from '@wa-gate/kit';

/** Milliseconds for which a call waits for the next owner of its session. Most handovers take less. */
export const MOVING_WAIT_MS = 2_500;
/** Milliseconds between two looks. */
const LOOKS = { initialMs: 50, maxMs: 400 };
/** Calls of this gateway that wait at a time. When a whole fleet is away, the others are answered at once. */
const MAX_WAITING = 1_000;

export interface MovingWaitsDependencies {
  db: Queryable;
  clock: Clock;
  /** @default MOVING_WAIT_MS */
  waitMs?: number | undefined;
}

/** The wait of one call. Give it back with `end`. */
export interface MovingWait {
  /** Resolves before the next look for the owner; `false`: the call has waited for long enough, or is given up. */
  next(signal?: AbortSignal): Promise<boolean>;
  end(): void;
}

export interface MovingWaits {
  begin(sessionId: string): MovingWait;
}

const IS_WANTED = {
  name: 'session-is-to-run',
  text: `SELECT desired_state = 'RUNNING' AS "isWanted" FROM sessions WHERE id = $1`,
};

/** Bounds how long, and how many, calls wait for sessions that are between two workers. */
export function createMovingWaits({ db, clock, waitMs = MOVING_WAIT_MS }: MovingWaitsDependencies): MovingWaits {
  let waiting = 0;

  async function isWanted(sessionId: string): Promise<boolean> {
    const { rows } = await db.query<{ isWanted: boolean }>({ ...IS_WANTED, values: [sessionId] });
    return rows[0]?.isWanted ?? false;
  }

  return {
    begin(sessionId) {
      let until: number | undefined;
      let looks = 0;
      return {
        async next(signal) {
          if (until === undefined) {
            // A session that nobody wants to run gets no owner.
            if (waiting >= MAX_WAITING || !(await isWanted(sessionId))) return false;
            until = clock.monotonic() + waitMs;
            waiting += 1;
          }
          const left = until - clock.monotonic();
          if (left <= 0) return false;
          const delay = Math.min(left, backoffDelay(looks, LOOKS));
          looks += 1;
          return clock.sleep(delay, signal).then(
            () => true,
            () => false,
          );
        },
        end() {
          if (until !== undefined) waiting -= 1;
          until = undefined;
        },
      };
    },
  };
}
