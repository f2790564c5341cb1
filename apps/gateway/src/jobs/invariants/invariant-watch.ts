import type { Pool } from '@wa-gate/db';
import { type Clock, createLoop, type Logger, type Redis, redisKeys } from '@wa-gate/kit';
import { checkInvariant, type InvariantBounds, SQL_INVARIANTS } from '@wa-gate/messaging';
import type { JobsMetrics } from '../../metrics/index.ts';

export interface InvariantWatchDependencies {
  pool: Pool;
  redis: Redis;
  clock: Clock;
  logger: Logger;
  metrics: Pick<JobsMetrics, 'invariantViolations'>;
  /** @default 60 000 */
  everyMs?: number;
}

/**
 * Bounds the cost of a run: the last hour of messages, the last events of each session, and a time-out per query.
 * Longer than every pause of the core (lease, grace, storm brake), so that a takeover in progress is no finding.
 */
const BOUNDS: InvariantBounds = {
  settledMs: 120_000,
  windowMs: 3_600_000,
  depth: 100,
  limit: 100,
  timeoutMs: 3_000,
};

/**
 * Runs the SQL invariants periodically and shows the results as a gauge. Rows are logged once per finding, without
 * content.
 */
export interface InvariantWatch {
  start(): void;
  /** One look; `false`: another replica has looked a moment ago. */
  look(): Promise<boolean>;
  stop(): Promise<void>;
}

/**
 * Every replica has one, and together they run once a minute: the replica that sets the key in Redis runs the queries,
 * the others drop their older result. Without Redis each replica runs them, which costs more and is right too (I10).
 */
export function createInvariantWatch(deps: InvariantWatchDependencies): InvariantWatch {
  const { pool, redis, clock, logger, metrics, everyMs = 60_000 } = deps;
  const known = new Set<string>();

  const isMyTurn = async (): Promise<boolean> => {
    try {
      const answer = await redis.set(redisKeys.invariantsChecked(), '1', 'PX', Math.floor(everyMs * 0.9), 'NX');
      return answer === 'OK';
    } catch {
      return true;
    }
  };

  async function look(stopping?: AbortSignal): Promise<boolean> {
    if (!(await isMyTurn())) {
      metrics.invariantViolations.reset();
      return false;
    }
    for (const query of SQL_INVARIANTS) {
      if (stopping?.aborted) return true;
      const { name, invariant, description } = query;
      try {
        const { rows } = await checkInvariant(pool, query, BOUNDS);
        metrics.invariantViolations.set({ invariant: name }, rows.length);
        if (rows.length === 0) known.delete(name);
        else if (!known.has(name)) {
          known.add(name);
          logger.error({ name, invariant, description, examples: rows.slice(0, 3) }, 'an invariant does not hold');
        }
      } catch (error) {
        // No answer must not look like "none".
        metrics.invariantViolations.remove({ invariant: name });
        logger.warn({ err: error, name }, 'an invariant could not be checked');
      }
    }
    return true;
  }

  const loop = createLoop({
    clock,
    round: look,
    everyMs,
    pausesFirst: true,
    onError: (error) => logger.warn({ err: error }, 'invariants not checked'),
  });

  return { start: loop.start, look: () => look(), stop: loop.stop };
}
