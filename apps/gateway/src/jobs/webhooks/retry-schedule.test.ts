import { describe, expect, it } from 'vitest';
import { parseRetryAfter, probeDelay, RETRY_DELAYS_MS, retryDelay } from './retry-schedule.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const exactly = () => 0;
const longest = () => 1;

describe('the pauses of one event that is refused (MR-099)', () => {
  it('are 1, 2, 4, 8, 16 s, then minutes and hours, then it is given up', () => {
    const delays = RETRY_DELAYS_MS.map((_, n) => retryDelay(n + 1, 0, exactly)!);
    expect(delays.map((ms) => ms / SECOND)).toEqual([1, 2, 4, 8, 16, 60, 300, 1_800, 7_200, 28_800, 86_400, 129_600]);
    expect(delays.reduce((sum, ms) => sum + ms, 0) / HOUR).toBeCloseTo(70.6, 1);
    expect(retryDelay(RETRY_DELAYS_MS.length + 1, 0, exactly)).toBeUndefined();
  });

  it('are at most a fifth longer, never shorter, and as long as the receiver asks', () => {
    expect(retryDelay(5, 0, longest)).toBe(19_200);
    expect(retryDelay(1, HOUR, exactly)).toBe(HOUR);
    expect(retryDelay(5, 2 * SECOND, exactly)).toBe(16 * SECOND);
  });
});

describe('the pauses of an endpoint that takes nothing (MR-099)', () => {
  it('are 1, 2, 4, 8, 16 s, then 30 s each time, at most a fifth longer', () => {
    const delays = Array.from({ length: 9 }, (_, n) => probeDelay(n + 1, 0, exactly) / SECOND);
    expect(delays).toEqual([1, 2, 4, 8, 16, 30, 30, 30, 30]);
    expect(probeDelay(10_000, 0, longest)).toBe(36 * SECOND);
    expect(probeDelay(1, 2 * HOUR, exactly)).toBe(2 * HOUR);
  });
});

it.each([
  ['5', 5_000],
  [' 7 ', 7_000],
  ['', undefined],
  [undefined, undefined],
  ['-5', undefined],
  ['soon', undefined],
  ['99999999', 24 * HOUR],
])('Retry-After %j is %s', (value, ms) => {
  expect(parseRetryAfter(value, Date.now())).toBe(ms);
});
