import { type Redis, redisKeys } from '@wa-gate/kit';
import type { Bucket } from './buckets.ts';
import type { Counters, Verdict } from './counters.ts';

/**
 * All buckets of a request, all or nothing, in one call. KEYS: one per bucket, then the hash of hits. ARGV: limit, window in milliseconds and cost of each bucket,
 * then the field of the hit or nothing. A window begins with its first request; one that has been made shorter since, or has lost its end, ends in time.
 * Answer: the index of the bucket that refuses (0: none), then count and rest of the window of each.
 */
const TAKE = `
local n = #KEYS - 1
local answer = {0}
local longest = 0
for i = 1, n do
  local max, window, cost = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local count = tonumber(redis.call('GET', KEYS[i]) or 0)
  local rest = window
  if count > 0 then
    rest = redis.call('PTTL', KEYS[i])
    if rest < 0 or rest > window then
      redis.call('PEXPIRE', KEYS[i], window)
      rest = window
    end
  end
  if cost > 0 and count + cost > max and rest > longest then
    answer[1] = i
    longest = rest
  end
  answer[2 * i] = count
  answer[2 * i + 1] = rest
end
if answer[1] > 0 then return answer end
for i = 1, n do
  local cost = tonumber(ARGV[3 * i])
  if cost > 0 then
    if answer[2 * i] > 0 then
      redis.call('INCRBY', KEYS[i], cost)
    else
      redis.call('SET', KEYS[i], cost, 'PX', ARGV[3 * i - 1])
    end
    answer[2 * i] = answer[2 * i] + cost
  end
end
local hit = ARGV[3 * n + 1]
if hit ~= '' then redis.call('HINCRBY', KEYS[n + 1], hit, 1) end
return answer
`;

/** One back of each bucket that has counted any. */
const GIVE_BACK = `
for i = 1, #KEYS do
  if tonumber(redis.call('GET', KEYS[i]) or 0) > 0 then redis.call('DECR', KEYS[i]) end
end
return 0
`;

interface Scripts {
  wagTakeLimits(keyCount: number, ...keysAndArguments: (string | number)[]): Promise<number[]>;
  wagGiveBackLimits(keyCount: number, ...keys: string[]): Promise<number>;
}

/** The counters that all gateways share. */
export function createRedisCounters(redis: Redis): Counters {
  redis.defineCommand('wagTakeLimits', { lua: TAKE });
  redis.defineCommand('wagGiveBackLimits', { lua: GIVE_BACK });
  const scripts = redis as unknown as Scripts;
  const hits = redisKeys.usageHits();

  return {
    async take(buckets, hit) {
      const call: (string | number)[] = [];
      for (const { key } of buckets) call.push(key);
      call.push(hits);
      for (const { limit, cost } of buckets) call.push(limit.max, limit.windowMs, cost);
      call.push(hit ?? '');
      return readAnswer(buckets, await scripts.wagTakeLimits(buckets.length + 1, ...call));
    },
    async giveBack(keys) {
      await scripts.wagGiveBackLimits(keys.length, ...keys);
    },
  };
}

function readAnswer(buckets: readonly Bucket[], answer: readonly number[]): Verdict {
  const verdict: Verdict = { refusedBy: answer[0]! - 1, counts: [], resets: [], maxima: [] };
  for (let index = 0; index < buckets.length; index += 1) {
    verdict.counts.push(answer[2 * index + 1]!);
    verdict.resets.push(answer[2 * index + 2]!);
    verdict.maxima.push(buckets[index]!.limit.max);
  }
  return verdict;
}
