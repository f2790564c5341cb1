import { describe, expect, it } from 'vitest';
import { createTiming, DEFAULT_TIMING, scaleTiming, TimingError } from './timing.ts';

describe('I3 times under which a worker closes its sockets before its lease expires', () => {
  it('are the defaults, and whatever keeps their relations', () => {
    const { renewEveryMs, renewTimeoutMs, stopAfterMs, closeBudgetMs, leaseTtlMs } = DEFAULT_TIMING;
    expect(renewEveryMs + renewTimeoutMs).toBeLessThan(stopAfterMs);
    expect(stopAfterMs + closeBudgetMs).toBeLessThanOrEqual(leaseTtlMs);
    expect(createTiming({ leaseTtlMs: 60_000 })).toEqual({ ...DEFAULT_TIMING, leaseTtlMs: 60_000 });
    expect(scaleTiming(1 / 50).leaseTtlMs).toBe(400);
    expect(scaleTiming(1 / 50).stopAfterMs).toBe(280);
  });

  it.each([
    ['renewals as rare as the stop', { renewEveryMs: 12_000 }, 'renewEveryMs + renewTimeoutMs (12000 + 2000)'],
    [
      'a stop after the lease',
      { stopAfterMs: 20_000, closeBudgetMs: 1 },
      'stopAfterMs (20000) must be less than leaseTtlMs (20000)',
    ],
    ['closing that outlasts the lease', { closeBudgetMs: 6_001 }, 'stopAfterMs + closeBudgetMs (14000 + 6001)'],
    ['no time at all', { takeoverGraceMs: 0 }, 'takeoverGraceMs must be a positive number, not 0'],
    ['something that is no number', { reconcileEveryMs: Number.NaN }, 'reconcileEveryMs must be a positive number'],
  ])('are not %s', (_what, overrides, sentence) => {
    expect(() => createTiming(overrides)).toThrow(TimingError);
    expect(() => createTiming(overrides)).toThrow(sentence);
  });

  it('names every broken rule at once', () => {
    expect(() => createTiming({ renewEveryMs: 30_000, stopAfterMs: 25_000 })).toThrow(
      /renewEveryMs.*;.*leaseTtlMs.*;.*closeBudgetMs/,
    );
  });
});
