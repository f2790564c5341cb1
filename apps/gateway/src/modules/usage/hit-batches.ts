import { newId, type Redis, redisKeys } from '@wa-gate/kit';
import type { HitCounts } from './record-hits.ts';

/**
 * Hits between Redis and PostgreSQL. The hits counted so far become a batch with an id in one step, and the batch stays
 * in Redis until PostgreSQL has it. A crash loses nothing, because the next process finds the batch. Nothing is counted
 * twice, because PostgreSQL stores the id.
 */
export interface HitBatches {
  /** Makes a batch of what has been counted since the last one; nothing where there is nothing. */
  begin(): Promise<void>;
  /** Ids of the batches that are there: usually one, more after a crash. */
  list(): Promise<string[]>;
  read(id: string): Promise<HitCounts>;
  /** Only when it is in PostgreSQL. */
  forget(id: string): Promise<void>;
}

/** KEYS: hits, batch, batches. ARGV: id. */
const BEGIN = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('SADD', KEYS[3], ARGV[1])
return 1
`;

export function createHitBatches(redis: Redis): HitBatches {
  return {
    async begin() {
      const id = newId();
      const keys = [redisKeys.usageHits(), redisKeys.usageBatch(id), redisKeys.usageBatches()];
      await redis.eval(BEGIN, keys.length, ...keys, id);
    },
    list: () => redis.smembers(redisKeys.usageBatches()),
    async read(id) {
      const fields = await redis.hgetall(redisKeys.usageBatch(id));
      return new Map(Object.entries(fields).map(([field, count]) => [field, Number(count)]));
    },
    async forget(id) {
      await redis.multi().del(redisKeys.usageBatch(id)).srem(redisKeys.usageBatches(), id).exec();
    },
  };
}
