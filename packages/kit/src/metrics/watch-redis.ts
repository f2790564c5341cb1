import type { Redis } from 'ioredis';
import type { Instruments } from './instruments.ts';

/** Shows whether the connection to Redis is ready. */
export function watchRedis(instruments: Instruments, redis: Pick<Redis, 'status'>): void {
  instruments.gauge('wag_redis_up', (gauge) => gauge.set(redis.status === 'ready' ? 1 : 0));
}
