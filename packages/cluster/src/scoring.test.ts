import { describe, expect, it } from 'vitest';
import { scoreWorker } from './scoring.ts';

const idle = { assigned: 0, capacity: 50, cpuUsage: 0, memoryUsage: 0, eventLoopDelayMs: 0, isNewest: true };

describe('the score of a worker', () => {
  it.each([
    ['fewer sessions', { ...idle, assigned: 10 }, { ...idle, assigned: 11 }],
    [
      'the same share of a larger capacity counts the same or less',
      { ...idle, assigned: 10, capacity: 100 },
      { ...idle, assigned: 10 },
    ],
    ['a calmer processor', idle, { ...idle, cpuUsage: 80 }],
    ['free memory', idle, { ...idle, memoryUsage: 80 }],
    ['a quick event loop', idle, { ...idle, eventLoopDelayMs: 150 }],
    ['the newest revision, even with more sessions', { ...idle, assigned: 20 }, { ...idle, isNewest: false }],
  ])('prefers %s', (_name, better, worse) => {
    expect(scoreWorker(better)).toBeLessThan(scoreWorker(worse));
  });

  it('does not mind the noise of a calm machine', () => {
    expect(scoreWorker({ ...idle, cpuUsage: 45, memoryUsage: 30, eventLoopDelayMs: 20 })).toBe(scoreWorker(idle));
  });

  it('is not driven beyond a bound by one wild gauge', () => {
    expect(scoreWorker({ ...idle, cpuUsage: 10_000, memoryUsage: 10_000, eventLoopDelayMs: 1e6 })).toBeCloseTo(0.5);
  });
});
