import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Failed, FailureScope } from './attempt-outcome.ts';
import { Breaker } from './breaker.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const failed = (scope: FailureScope, more: Partial<Failed> = {}): Failed => ({
  kind: 'failed',
  scope,
  error: 'no',
  ...more,
});
const breaker = () => new Breaker({ random: () => 0 });

/** Lets it fail until `until`, with a probe whenever one is admitted. Returns when they were made. */
function probesUntil(until: number, its: Breaker, failure = failed('endpoint')): number[] {
  const made: number[] = [];
  its.fail(failure, 0, false);
  for (let now = its.probeAt; now < until; now = its.probeAt) {
    expect(its.admitsProbe(now - 1)).toBe(false);
    expect(its.admitsProbe(now)).toBe(true);
    made.push(now);
    its.fail(failure, now, true);
  }
  return made;
}

describe('an endpoint that takes nothing (MR-099)', () => {
  it('is probed after 1, 3, 7, 15 and 31 s, then every 30 s: 243 times in two hours', () => {
    const made = probesUntil(2 * HOUR, breaker());
    expect(made.slice(0, 7).map((ms) => ms / SECOND)).toEqual([1, 3, 7, 15, 31, 61, 91]);
    expect(made).toHaveLength(243);
  });

  it('counts as hopeless after 72 hours, not before, and is probed on', () => {
    const its = breaker();
    probesUntil(72 * HOUR, its);
    expect(its.isHopeless(72 * HOUR - 1)).toBe(false);
    expect(its.isHopeless(72 * HOUR)).toBe(true);
    expect(its.admitsProbe(its.probeAt)).toBe(true);
  });

  it('is left alone for as long as it asks', () => {
    const its = breaker();
    its.fail(failed('endpoint', { retryAfterMs: HOUR }), 0, false);
    expect(its.probeAt).toBe(HOUR);
  });

  it('is probed by one session at a time', () => {
    const its = breaker();
    its.fail(failed('endpoint'), 0, false);
    expect([its.admitsProbe(SECOND), its.admitsProbe(SECOND)]).toEqual([true, false]);
    its.yield();
    expect(its.admitsProbe(SECOND)).toBe(true);
  });

  it('is up after one success, but not after one that had begun before', () => {
    const its = breaker();
    its.fail(failed('endpoint'), 100, false);
    expect(its.succeed(99)).toBe(false);
    expect(its.state).toBe('down');
    expect(its.succeed(101)).toBe(true);
    expect([its.state, its.stored(200)]).toEqual(['up', null]);
  });

  it('outlives its process with its pause', () => {
    const its = breaker();
    probesUntil(100 * SECOND, its);
    const stored = JSON.parse(JSON.stringify(its.stored(100 * SECOND)));
    expect(stored).toEqual({ failingForMs: 100 * SECOND, failedProbes: 8, probeInMs: 21 * SECOND });
    const next = new Breaker({ stored, now: 5_000, random: () => 0 });
    expect(next.admitsProbe(5_000 + 21 * SECOND - 1)).toBe(false);
    expect(next.admitsProbe(5_000 + 21 * SECOND)).toBe(true);
    next.fail(failed('endpoint'), 30 * SECOND, true);
    expect(next.probeAt).toBe(60 * SECOND);
    expect(next.isHopeless(5_000 - 100 * SECOND + 72 * HOUR)).toBe(true);
  });
});

describe('an event that is refused', () => {
  it('raises a doubt when that may be about the endpoint: the next one tells', () => {
    const its = breaker();
    expect(its.fail(failed('unclear'), 0, false)).toBe('in line');
    expect(its.state).toBe('doubtful');
    expect(its.succeed(1)).toBe(true);
    its.fail(failed('unclear'), 2, false);
    expect(its.fail(failed('unclear'), 3, false)).toBe('in line');
    expect(its.state).toBe('down');
    // The second opinion is no probe: the first event waits for its second.
    expect(its.probeAt).toBe(2 + SECOND);
  });

  it('alone has a schedule of its own, and holds up nothing', () => {
    const its = breaker();
    for (let n = 0; n < 19; n += 1) expect(its.fail(failed('event'), n, false)).toBe('on its own');
    expect(its.state).toBe('up');
    its.succeed(19);
    expect(its.fail(failed('event'), 20, false)).toBe('on its own');
  });

  it('as the twentieth in a row tells of an endpoint that takes nothing', () => {
    const its = breaker();
    for (let n = 0; n < 19; n += 1) its.fail(failed('event'), n, false);
    expect(its.fail(failed('event'), 20, false)).toBe('in line');
    expect(its.state).toBe('down');
    expect(its.fail(failed('event'), 1_020, true)).toBe('in line');
    expect(its.takesSecondOpinion()).toBe(true);
  });

  it('by an application that was away tells that it is back', () => {
    const its = breaker();
    its.fail(failed('endpoint'), 0, false);
    expect(its.fail(failed('event'), SECOND, true)).toBe('on its own');
    expect(its.state).toBe('up');
  });
});

describe('a second opinion', () => {
  it('is wanted when the refusal of a probe is unclear, and asked once', () => {
    const its = breaker();
    its.fail(failed('endpoint'), 0, false);
    its.fail(failed('unclear'), SECOND, true);
    expect([its.takesSecondOpinion(), its.takesSecondOpinion()]).toEqual([true, false]);
  });

  it('is wanted at the fifth time-out, and never without a connection', () => {
    const hangs = breaker();
    const away = breaker();
    const wanted: [boolean, boolean][] = [];
    for (let n = 0; n < 6; n += 1) {
      hangs.fail(failed('endpoint'), n, n > 0);
      away.fail(failed('endpoint', { isUnreachable: true }), n, n > 0);
      wanted.push([hangs.takesSecondOpinion(), away.takesSecondOpinion()]);
    }
    expect(wanted.map(([hung]) => hung)).toEqual([false, false, false, false, true, true]);
    expect(wanted.map(([, gone]) => gone)).toEqual(Array(6).fill(false));
  });
});

describe('a knock', () => {
  const unreachable = failed('endpoint', { isUnreachable: true });

  it('that is heard brings the probe forward', () => {
    const its = breaker();
    probesUntil(100 * SECOND, its, unreachable);
    expect(its.wantsKnock).toBe(true);
    its.onKnockHeard(105 * SECOND);
    expect(its.admitsProbe(105 * SECOND)).toBe(true);
  });

  it('is worth nothing when the endpoint accepts connections and no requests', () => {
    const its = breaker();
    probesUntil(100 * SECOND, its, unreachable);
    its.onKnockHeard(105 * SECOND);
    expect(its.admitsProbe(105 * SECOND)).toBe(true);
    its.fail(unreachable, 106 * SECOND, true);
    expect(its.wantsKnock).toBe(false);
    expect(its.probeAt).toBe(136 * SECOND);
  });

  it('is not wanted while the endpoint answers', () => {
    const its = breaker();
    its.fail(failed('endpoint'), 0, false);
    expect(its.wantsKnock).toBe(false);
  });
});

it('a probe is never due later than 36 s or what the endpoint asks for, and one success ends all', () => {
  const scope = fc.constantFrom<FailureScope>('endpoint', 'unclear', 'event');
  const step = fc.record({ scope, afterMs: fc.nat(60_000), asked: fc.option(fc.nat(120_000)), succeeds: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const its = new Breaker();
      let now = 0;
      for (const { scope: of, afterMs, asked, succeeds } of steps) {
        now += afterMs;
        const isProbe = its.admitsProbe(now);
        if (succeeds) {
          its.succeed(now);
          expect(its.state).toBe('up');
        } else {
          const place = its.fail(failed(of, { retryAfterMs: asked ?? undefined }), now, isProbe);
          if (of !== 'event') expect(place).toBe('in line');
          expect(its.state === 'up' && place === 'in line').toBe(false);
          if (isProbe && its.state === 'down')
            expect(its.probeAt - now).toBeLessThanOrEqual(Math.max(36_000, asked ?? 0));
        }
        expect(its.stored(now) === null).toBe(its.state !== 'down');
      }
    }),
  );
});
