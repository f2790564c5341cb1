import { type Redis, redisKeys } from '@wa-gate/kit';
import type { Bucket } from './buckets.ts';
import type { Counters, Verdict } from './counters.ts';

/**
 * Counts the requests of one turn of the event loop in their order; each in all its buckets or in none.
 *
 * KEYS: the buckets of all requests in their order, then the hash of hits.
 * ARGV of a request: the number of its buckets; limit, window in milliseconds and cost of each bucket; the field of its
 * hit, or an empty string.
 * Answer for each request: the index of the bucket that refuses (0: none), then count and rest of the window of each
 * bucket.
 *
 * A window begins with its first request. A window that was shortened, or has lost its expiry, gets a new end.
 */
const TAKE = `
local hits = KEYS[#KEYS]
local answer = {}
local key, arg = 0, 1
while arg <= #ARGV do
  local n = tonumber(ARGV[arg])
  local at = #answer + 1
  local longest = 0
  answer[at] = 0
  for i = 1, n do
    local max, window, cost = tonumber(ARGV[arg + 3 * i - 2]), tonumber(ARGV[arg + 3 * i - 1]), tonumber(ARGV[arg + 3 * i])
    local bucket = KEYS[key + i]
    local count = tonumber(redis.call('GET', bucket) or 0)
    local rest = window
    if count > 0 then
      rest = redis.call('PTTL', bucket)
      if rest < 0 or rest > window then
        redis.call('PEXPIRE', bucket, window)
        rest = window
      end
    end
    if cost > 0 and count + cost > max and rest > longest then
      answer[at] = i
      longest = rest
    end
    answer[at + 2 * i - 1] = count
    answer[at + 2 * i] = rest
  end
  if answer[at] == 0 then
    for i = 1, n do
      local cost = tonumber(ARGV[arg + 3 * i])
      if cost > 0 then
        if answer[at + 2 * i - 1] > 0 then
          redis.call('INCRBY', KEYS[key + i], cost)
        else
          redis.call('SET', KEYS[key + i], cost, 'PX', ARGV[arg + 3 * i - 1])
        end
        answer[at + 2 * i - 1] = answer[at + 2 * i - 1] + cost
      end
    end
    local hit = ARGV[arg + 3 * n + 1]
    if hit ~= '' then redis.call('HINCRBY', hits, hit, 1) end
  end
  key = key + n
  arg = arg + 3 * n + 2
end
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

/** A request that waits for the end of this turn. */
interface Waiting {
  buckets: readonly Bucket[];
  hit: string | null;
  resolve: (verdict: Verdict) => void;
  reject: (error: unknown) => void;
}

/** In one call at most: Lua holds up everybody else, and unpacks no more than some thousand arguments. */
const MAX_TOGETHER = 64;

/**
 * The counters that all gateways share. The requests of one turn of the event loop are counted in one call: under load
 * the socket costs more than the counting.
 */
export function createRedisCounters(redis: Redis): Counters {
  redis.defineCommand('wagTakeLimits', { lua: TAKE });
  redis.defineCommand('wagGiveBackLimits', { lua: GIVE_BACK });
  const scripts = redis as unknown as Scripts;
  const hits = redisKeys.usageHits();
  let waiting: Waiting[] = [];

  function flush(): void {
    const together = waiting;
    waiting = [];
    const keys: (string | number)[] = [];
    const args: (string | number)[] = [];
    for (const { buckets, hit } of together) {
      args.push(buckets.length);
      for (const { key, limit, cost } of buckets) {
        keys.push(key);
        args.push(limit.max, limit.windowMs, cost);
      }
      args.push(hit ?? '');
    }
    keys.push(hits);
    scripts.wagTakeLimits(keys.length, ...keys, ...args).then(
      (answer) => {
        let at = 0;
        for (const { buckets, resolve } of together) {
          resolve(readVerdict(buckets, answer, at));
          at += 1 + 2 * buckets.length;
        }
      },
      (error: unknown) => {
        for (const { reject } of together) reject(error);
      },
    );
  }

  return {
    take(buckets, hit) {
      return new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(() => waiting.length > 0 && flush());
        waiting.push({ buckets, hit, resolve, reject });
        if (waiting.length >= MAX_TOGETHER) flush();
      });
    },
    async giveBack(keys) {
      await scripts.wagGiveBackLimits(keys.length, ...keys);
    },
  };
}

function readVerdict(buckets: readonly Bucket[], answer: readonly number[], at: number): Verdict {
  const verdict: Verdict = { refusedBy: answer[at]! - 1, counts: [], resets: [], maxima: [] };
  for (let index = 0; index < buckets.length; index += 1) {
    verdict.counts.push(answer[at + 2 * index + 1]!);
    verdict.resets.push(answer[at + 2 * index + 2]!);
    verdict.maxima.push(buckets[index]!.limit.max);
  }
  return verdict;
}
