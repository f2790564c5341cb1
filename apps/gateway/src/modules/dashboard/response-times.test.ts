import { expect, it } from 'vitest';
import { type BucketCount, percentileOf } from './response-times.ts';

/** As the function `message_response_bucket` of the database. */
const bucketOf = (ms: number): number => (ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / Math.log(1.06)));
function bucketsOf(times: readonly number[]): BucketCount[] {
  const counts = new Map<number, number>();
  for (const ms of times) counts.set(bucketOf(ms), (counts.get(bucketOf(ms)) ?? 0) + 1);
  return [...counts].map(([bucket, count]) => ({ bucket, count })).reverse();
}

it('of no message there is none', () => {
  expect(percentileOf([], 0.5)).toBeNull();
});

it.each([1.5, 40, 900, 12_345, 6_000_000])('of one message of %d ms it is that, to 3 %%', (ms) => {
  for (const share of [0, 0.5, 0.95, 1]) {
    expect(Math.abs(percentileOf(bucketsOf([ms]), share)! / ms - 1)).toBeLessThanOrEqual(0.031);
  }
});

it('of many it is the exact one, to 3 %', () => {
  const times = Array.from({ length: 2_000 }, (_, index) => 20 + index * 7);
  const buckets = bucketsOf(times);
  for (const share of [0.1, 0.5, 0.9, 0.95]) {
    const exact = times[Math.round(share * (times.length - 1))]!;
    expect(Math.abs(percentileOf(buckets, share)! / exact - 1)).toBeLessThanOrEqual(0.031);
  }
});

it('of messages that took no time it is below a millisecond', () => {
  expect(percentileOf([{ bucket: 0, count: 3 }], 0.95)).toBeLessThan(1);
});
