import { type Clock, type Logger, type Redis, redisKeys } from '@wa-gate/kit';

export interface FleetLimitOptions {
  redis: Redis;
  /** The name of the network. */
  name: string;
  /** Connects per second of all its workers together. */
  perSecond: number;
  clock: Clock;
  logger: Logger;
}

/** Resolves with how many of `wanted` sessions this worker may connect now, by the limit of the fleet. */
export type FleetLimit = (wanted: number) => Promise<number>;

const TIMEOUT_MS = 50;
/** Milliseconds without a query after Redis was away or slow, so that one wait is enough. */
const PAUSE_AFTER_FAILURE_MS = 1_000;
const KEEP_MS = 5_000;

/**
 * Counts the connects of a second in Redis, in one round trip. The second is of the own clock: workers with different
 * clocks count in different windows, which only makes the limit less exact (I12). Without Redis the ramp of the worker
 * is the only limit.
 */
export function createFleetLimit({ redis, name, perSecond, clock, logger }: FleetLimitOptions): FleetLimit {
  let pausedUntil = -Infinity;

  async function count(wanted: number): Promise<number> {
    const key = redisKeys.starts(name, Math.floor(clock.now() / 1_000));
    const counted = redis.pipeline().incrby(key, wanted).pexpire(key, KEEP_MS).exec();
    const late = clock.sleep(TIMEOUT_MS).then(() => null);
    const [[error, total] = [new Error('Redis is slow.')]] = (await Promise.race([counted, late])) ?? [];
    if (error) throw error;
    return Number(total);
  }

  return async (wanted) => {
    if (clock.monotonic() < pausedUntil) return wanted;
    try {
      const before = (await count(wanted)) - wanted;
      return Math.min(wanted, Math.max(perSecond - before, 0));
    } catch (error) {
      pausedUntil = clock.monotonic() + PAUSE_AFTER_FAILURE_MS;
      logger.debug({ err: error }, 'connects of the fleet not counted, keeping to the own ramp');
      return wanted;
    }
  };
}
