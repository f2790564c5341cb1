import type { Clock } from '@wa-gate/kit';
import { describe, expect, it } from 'vitest';
import type { Counters, Verdict } from './counters.ts';
import { createFallbackCounters } from './fallback.ts';

const VERDICT: Verdict = { refusedBy: -1, counts: [], resets: [], maxima: [] };

/** What no test here asks for. */
const NOT_ASKED: Omit<Counters, 'take'> = {
  giveBack: () => undefined,
  keysOf: () => [],
  look: () => [],
  forget: () => undefined,
};

/** Redis as a test has it: it answers, fails, or says nothing. */
function setUp() {
  const redis = { status: 'ready' as const, answers: 'at once' as 'at once' | 'never' | 'with an error' };
  const time = { now: 0 };
  const calls = { shared: 0, local: 0, away: 0, localHits: [] as (string | null)[] };
  const shared: Counters = {
    take() {
      calls.shared += 1;
      if (redis.answers === 'never') return new Promise(() => undefined);
      return redis.answers === 'at once' ? Promise.resolve(VERDICT) : Promise.reject(new Error('Redis is away'));
    },
    ...NOT_ASKED,
  };
  const local: Counters = {
    take(_buckets, hit) {
      calls.local += 1;
      calls.localHits.push(hit);
      return VERDICT;
    },
    ...NOT_ASKED,
  };
  const counters = createFallbackCounters({
    redis,
    shared,
    local,
    clock: { monotonic: () => (time.now += 1) } as Clock,
    onAway: () => (calls.away += 1),
  });
  const take = () => counters.take([], 'hit');
  return { redis, time, calls, take, shared, local };
}

describe('counting with a fallback', () => {
  it('is done in Redis while it answers', async () => {
    const { take, calls, shared } = setUp();
    expect((await take()).counters).toBe(shared);
    expect(calls).toMatchObject({ shared: 1, local: 0, away: 0 });
  });

  it.each(['never', 'with an error'] as const)('is done in the process when Redis answers %s', async (answers) => {
    const { redis, take, calls, local } = setUp();
    redis.answers = answers;
    expect((await take()).counters).toBe(local);
    // It may have been counted there.
    expect(calls).toMatchObject({ shared: 1, away: 1, localHits: [null] });
  });

  it('does not ask a Redis that is not connected, and counts the hit itself', async () => {
    const { redis, take, calls } = setUp();
    Object.assign(redis, { status: 'reconnecting' });
    await take();
    expect(calls).toMatchObject({ shared: 0, localHits: ['hit'] });
  });

  it('leaves Redis alone after three failures, but for one try in a second', async () => {
    const { redis, time, take, calls } = setUp();
    redis.answers = 'with an error';
    for (let index = 0; index < 10; index += 1) await take();
    expect(calls.shared).toBe(3);
    time.now += 1_000;
    for (let index = 0; index < 10; index += 1) await take();
    expect(calls.shared).toBe(4);
    time.now += 1_000;
    redis.answers = 'at once';
    for (let index = 0; index < 10; index += 1) await take();
    expect(calls.shared).toBe(14);
  });

  it('takes one moment without answers for one failure, however many requests it meets', async () => {
    const { redis, take, calls } = setUp();
    redis.answers = 'with an error';
    await Promise.all(Array.from({ length: 20 }, take));
    redis.answers = 'at once';
    await take();
    expect(calls).toMatchObject({ shared: 21, local: 20 });
  });
});
