import { type Clock, type Logger, type Redis, redisKeys } from '@wa-gate/kit';

export interface FleetLimitOptions {
  redis: Redis;
  /** The network. */
  name: string;
  /** Connects per second of all its workers together. */
  perSecond: number;
  clock: Clock;
  logger: Logger;
}

/** How many of `wanted` sessions the whole fleet lets this worker connect now. */
export type FleetLimit = (wanted: number) => Promise<number>;

const TIMEOUT_MS = 50;
/** Redis that was away or slow is not asked again so soon: nobody waits for it twice. */
const PAUSE_AFTER_FAILURE_MS = 1_000;
const KEEP_MS = 5_000;

/**
 * Counts the connects of a second in Redis, in one round trip. The second is of the own clock: workers whose clocks
 * differ count in different windows, which bends the limit and decides nothing (I12). Without Redis there is only the
 * worker's own ramp.
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
