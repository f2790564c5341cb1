import type { Clock } from '@wa-gate/kit';
import { describe, expect, it } from 'vitest';
import type { Bucket } from './buckets.ts';
import type { Limit } from './limit-settings.ts';
import { createLocalCounters } from './local-counters.ts';

const limitOf = (max: number, windowMs = 60_000): Limit => ({ max, windowMs, policy: '' });
const bucketOf = (key: string, max: number, cost: 0 | 1 = 1): Bucket => ({
  name: 'ip',
  key,
  limit: limitOf(max),
  cost,
});

function setUp(replicas = 1) {
  const hits: string[] = [];
  const time = { now: 1_000 };
  const counters = createLocalCounters({
    clock: { monotonic: () => time.now } as Clock,
    replicas: () => replicas,
    countHit: (hit) => hits.push(hit),
  });
  const take = async (...buckets: Bucket[]) => await counters.take(buckets, 'hit');
  return { counters, hits, take, time };
}

describe('the counters of one process', () => {
  it.each([
    [10, 1, 10],
    [10, 3, 3],
    [10, 100, 1],
    [1, 1, 1],
    [0, 2, 0],
  ])('share a limit of %i over %i gateways: %i each, never open', async (max, replicas, share) => {
    const { take } = setUp(replicas);
    const verdicts = [];
    for (let index = 0; index < 12; index += 1) verdicts.push((await take(bucketOf('a', max))).refusedBy);
    expect(verdicts.filter((refusedBy) => refusedBy === -1)).toHaveLength(share);
  });

  it('take from all buckets or from none, and count the hit only then', async () => {
    const { take, hits } = setUp();
    await take(bucketOf('a', 5), bucketOf('b', 1));
    const refused = await take(bucketOf('a', 5), bucketOf('b', 1));
    expect([refused.refusedBy, refused.counts]).toEqual([1, [1, 1]]);
    expect((await take(bucketOf('a', 5))).counts).toEqual([2]);
    expect(hits).toEqual(['hit', 'hit']);
  });

  it('begin anew when the window is over', async () => {
    const { take, time } = setUp();
    await take(bucketOf('a', 1));
    time.now += 59_999;
    expect((await take(bucketOf('a', 1))).refusedBy).toBe(0);
    time.now += 1;
    expect(await take(bucketOf('a', 1))).toMatchObject({ refusedBy: -1, resets: [60_000] });
  });

  it('only look where a request costs nothing', async () => {
    const { take } = setUp();
    await take(bucketOf('a', 1));
    expect(await take(bucketOf('a', 1, 0))).toMatchObject({ refusedBy: -1, counts: [1] });
  });

  it('give back', async () => {
    const { counters, take } = setUp();
    await take(bucketOf('a', 1));
    await counters.giveBack([
      { key: 'a', cost: 1 },
      { key: 'unknown', cost: 1 },
    ]);
    expect((await take(bucketOf('a', 1))).refusedBy).toBe(-1);
    await counters.giveBack([{ key: 'a', cost: 1 }]);
    await counters.giveBack([{ key: 'a', cost: 1 }]);
    expect((await take(bucketOf('a', 1))).counts).toEqual([1]);
  });

  it('count an account once in a bucket of accounts, let it through when it is full, and take it out again', async () => {
    const { counters, take } = setUp();
    const of = (account: string): Bucket => ({ ...bucketOf('a', 2), account });
    for (const account of ['ann', 'ann', 'ben', 'ann']) expect((await take(of(account))).refusedBy).toBe(-1);
    expect(await take(of('cleo'))).toMatchObject({ refusedBy: 0, counts: [2] });
    expect(counters.look(['a', 'b'])).toEqual([
      { count: 2, resetMs: 60_000, accounts: ['ann', 'ben'], share: 1 },
      null,
    ]);
    await counters.giveBack([of('ann'), of('nobody')]);
    expect((await take(of('cleo'))).counts).toEqual([2]);
    await counters.forget('a');
    expect([counters.keysOf('a'), (await take(of('ann'))).counts]).toEqual([[], [1]]);
  });
});
