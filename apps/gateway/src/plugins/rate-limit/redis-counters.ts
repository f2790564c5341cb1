import { boundToSpan, type Redis, redisKeys } from '@wa-gate/kit';
import type { Bucket } from './buckets.ts';
import type { Counters, Verdict } from './counters.ts';

/**
 * Counts the requests of one turn of the event loop in their order; each in all its buckets or in none.
 *
 * KEYS: the buckets of all requests in their order, then the hash of hits. ARGV of a request: the number of its
 * buckets; limit, window in milliseconds, cost and account of each bucket; the field of its hit. No account and no hit
 * is an empty string. A bucket with an account is a set of accounts. Answer for each request: the index of the bucket
 * that refuses (0: none), then count and rest of the window of each bucket.
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
  local adds = {}
  answer[at] = 0
  for i = 1, n do
    local max, window, cost = tonumber(ARGV[arg + 4 * i - 3]), tonumber(ARGV[arg + 4 * i - 2]), tonumber(ARGV[arg + 4 * i - 1])
    local account = ARGV[arg + 4 * i]
    local bucket = KEYS[key + i]
    local count
    adds[i] = cost
    if account == '' then
      count = tonumber(redis.call('GET', bucket) or 0)
    else
      count = redis.call('SCARD', bucket)
      if count > 0 and redis.call('SISMEMBER', bucket, account) == 1 then adds[i] = 0 end
    end
    local rest = window
    if count > 0 then
      rest = redis.call('PTTL', bucket)
      if rest < 0 or rest > window then
        redis.call('PEXPIRE', bucket, window)
        rest = window
      end
    end
    if adds[i] > 0 and count + adds[i] > max and rest > longest then
      answer[at] = i
      longest = rest
    end
    answer[at + 2 * i - 1] = count
    answer[at + 2 * i] = rest
  end
  if answer[at] == 0 then
    for i = 1, n do
      if adds[i] > 0 then
        local window, account = ARGV[arg + 4 * i - 2], ARGV[arg + 4 * i]
        local bucket, isOpen = KEYS[key + i], answer[at + 2 * i - 1] > 0
        if account ~= '' then
          redis.call('SADD', bucket, account)
          if not isOpen then redis.call('PEXPIRE', bucket, window) end
        elseif isOpen then
          redis.call('INCRBY', bucket, adds[i])
        else
          redis.call('SET', bucket, adds[i], 'PX', window)
        end
        answer[at + 2 * i - 1] = answer[at + 2 * i - 1] + adds[i]
      end
    end
    local hit = ARGV[arg + 4 * n + 1]
    if hit ~= '' then redis.call('HINCRBY', hits, hit, 1) end
  end
  key = key + n
  arg = arg + 4 * n + 2
end
return answer
`;

/**
 * The cost back of each bucket, as far as it has counted; ARGV: the account of each, or an empty string, and the cost.
 */
const GIVE_BACK = `
for i = 1, #KEYS do
  local account, cost = ARGV[2 * i - 1], tonumber(ARGV[2 * i])
  if account ~= '' then
    redis.call('SREM', KEYS[i], account)
  else
    local count = tonumber(redis.call('GET', KEYS[i]) or 0)
    if count > 0 then redis.call('DECRBY', KEYS[i], math.min(count, cost)) end
  end
end
return 0
`;

/**
 * What each bucket holds: its count, the rest of its window, and its accounts. A bucket is a number or a set.
 */
const LOOK = `
local answer = {}
for i = 1, #KEYS do
  local kind = redis.call('TYPE', KEYS[i]).ok
  local rest = redis.call('PTTL', KEYS[i])
  if kind == 'set' then
    local accounts = redis.call('SMEMBERS', KEYS[i])
    answer[i] = { #accounts, rest, accounts }
  elseif kind == 'string' then
    answer[i] = { tonumber(redis.call('GET', KEYS[i])), rest, {} }
  else
    answer[i] = { 0, 0, {} }
  end
end
return answer
`;

interface Scripts {
  wagTakeLimits(keyCount: number, ...keysAndArguments: (string | number)[]): Promise<number[]>;
  wagGiveBackLimits(keyCount: number, ...keysAndArguments: (string | number)[]): Promise<number>;
  wagLookAtLimits(keyCount: number, ...keys: string[]): Promise<[count: number, restMs: number, accounts: string[]][]>;
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
/** Keys that one step of a search looks at. */
const SCAN_COUNT = 1_000;

/**
 * The counters that all gateways share. The requests of one turn of the event loop are counted in one call: under load
 * the socket costs more than the counting.
 */
export function createRedisCounters(redis: Redis): Counters {
  redis.defineCommand('wagTakeLimits', { lua: TAKE });
  redis.defineCommand('wagGiveBackLimits', { lua: GIVE_BACK });
  redis.defineCommand('wagLookAtLimits', { lua: LOOK });
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
      for (const { key, limit, cost, account = '' } of buckets) {
        keys.push(key);
        args.push(limit.max, limit.windowMs, cost, account);
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
        if (waiting.length === 0) setImmediate(boundToSpan(() => waiting.length > 0 && flush()));
        waiting.push({ buckets, hit, resolve, reject });
        if (waiting.length >= MAX_TOGETHER) flush();
      });
    },
    async giveBack(buckets) {
      const keys = buckets.map(({ key }) => key);
      const args = buckets.flatMap(({ account = '', cost }) => [account, cost]);
      await scripts.wagGiveBackLimits(keys.length, ...keys, ...args);
    },
    async keysOf(prefix) {
      const found = new Set<string>();
      let cursor = '0';
      do {
        const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', SCAN_COUNT);
        for (const key of keys) found.add(key);
        cursor = next;
      } while (cursor !== '0');
      return [...found];
    },
    async look(keys) {
      if (keys.length === 0) return [];
      const held = await scripts.wagLookAtLimits(keys.length, ...keys);
      return held.map(([count, restMs, accounts]) =>
        count > 0 ? { count, resetMs: Math.max(0, restMs), accounts, share: 1 } : null,
      );
    },
    async forget(key) {
      await redis.del(key);
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
