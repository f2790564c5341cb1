import { type RISK_LEVELS, RISK_SIGNALS } from '@wa-gate/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGuarded } from './guard.ts';
import { type RiskFigures, riskLevel, scoreRisk } from './score.ts';

/** An account that talks with people who know it. */
const HEALTHY: RiskFigures = {
  isRefused: false,
  daysLinked: 100,
  isLocked: false,
  hoursSinceLock: null,
  capping: null,
  sent: 400,
  refusedChats: 0,
  rateLimited: 0,
  settled: 300,
  delivered: 290,
  people: 120,
  strangers: 40,
  asked: 200,
  answered: 60,
  sameText: 10,
  disconnects: 2,
};
const scoreOf = (more: Partial<RiskFigures>) => scoreRisk({ ...HEALTHY, ...more });
const signals = (more: Partial<RiskFigures>) => scoreOf(more).reasons.map(({ signal }) => signal);

describe('the risk score of an account (MR-097)', () => {
  it('is 0 for one that sends as the defaults of the pacing let it, and for one that sends nothing', () => {
    expect(scoreOf({})).toEqual({ score: 0, reasons: [] });
    const silent = { sent: 0, settled: 0, delivered: 0, people: 0, strangers: 0, asked: 0, answered: 0, sameText: 0 };
    expect(scoreOf(silent).score).toBe(0);
  });

  it.each<[string, Partial<RiskFigures>, string, number]>([
    ['a refused account', { isRefused: true }, 'refused_account', 100],
    ['a time-lock', { isLocked: true }, 'time_lock', 55],
    ['a time-lock that was over yesterday', { hoursSinceLock: 24 }, 'time_lock', 30],
    ['a used-up cap', { capping: 'capped' }, 'capped', 40],
    ['a warning about the cap', { capping: 'first_warning' }, 'capped', 20],
    ['463 for single chats', { sent: 100, refusedChats: 12 }, 'refused_chats', 15],
    ['429', { rateLimited: 1 }, 'rate_limited', 10],
    ['messages that reach no phone', { delivered: 120 }, 'undelivered', 15],
    ['people who never answer', { answered: 0 }, 'unanswered', 25],
    ['200 strangers in a day', { strangers: 200, people: 400 }, 'first_contacts', 40],
    ['nobody but strangers', { strangers: 50, people: 50 }, 'strangers', 10],
    ['one text to all of them', { sameText: 40 }, 'identical_texts', 10],
    ['a connection that ends all the time', { disconnects: 30 }, 'reconnects', 10],
    ['a new number', { daysLinked: 0, strangers: 10 }, 'new_number', 10],
  ])('%s has a reason and advice of its own', (_, more, signal, points) => {
    expect(scoreOf(more).reasons).toEqual([
      { signal, points, reason: expect.stringMatching(/\.$/), advice: expect.stringMatching(/\.$/) },
    ]);
  });

  it('tells refusals for one chat from those for the account: the first are a fact about the list', () => {
    expect(scoreOf({ sent: 100, refusedChats: 12 }).score).toBeLessThan(25);
    expect(scoreOf({ sent: 100, refusedChats: 12, isLocked: true }).score).toBeGreaterThanOrEqual(50);
    expect(signals({ refusedChats: 2, sent: 2 })).toEqual([]);
  });

  it('asks less of a new number: what an old one may do is high for it', () => {
    expect(signals({ strangers: 50, people: 200 })).toEqual([]);
    const young = scoreOf({ strangers: 50, people: 200, daysLinked: 0, answered: 0, asked: 0 });
    expect(young.reasons.map(({ signal, points }) => [signal, points])).toEqual([
      ['first_contacts', 40],
      ['new_number', 10],
    ]);
    expect(riskLevel(young.score, 'low')).toBe('high');
  });

  it('for any figures it is between 0 and 100, the sum of its reasons, and more of what is wrong never lowers it', () => {
    const count = fc.nat(500);
    const figures = fc.record({
      isRefused: fc.boolean(),
      daysLinked: fc.option(fc.double({ min: 0, max: 400, noNaN: true })),
      isLocked: fc.boolean(),
      hoursSinceLock: fc.option(fc.double({ min: 0, max: 400, noNaN: true })),
      capping: fc.constantFrom(null, 'first_warning' as const, 'second_warning' as const, 'capped' as const),
      sent: count,
      refusedChats: count,
      rateLimited: count,
      settled: count,
      delivered: count,
      people: count,
      strangers: count,
      asked: count,
      answered: count,
      sameText: count,
      disconnects: count,
    });
    fc.assert(
      fc.property(figures, (any) => {
        const { score, reasons } = scoreRisk(any);
        const sum = reasons.reduce((total, { points }) => total + points, 0);
        expect(score).toBe(Math.min(100, sum));
        expect(reasons.every(({ points, reason, advice }) => points > 0 && reason !== '' && advice !== '')).toBe(true);
        expect(new Set(reasons.map(({ signal }) => signal)).size).toBe(reasons.length);
        for (const worse of [
          { rateLimited: any.rateLimited + 5 },
          { isLocked: true },
          { isRefused: true },
          { disconnects: any.disconnects + 5 },
          { delivered: Math.max(0, any.delivered - 50) },
        ])
          expect(scoreRisk({ ...any, ...worse }).score).toBeGreaterThanOrEqual(score);
      }),
    );
    expect(RISK_SIGNALS.length).toBe(12);
  });
});

describe('the level and the guard do not flap (MR-097)', () => {
  it('a level rises at once and falls five points below its bound', () => {
    expect(riskLevel(50, 'low')).toBe('high');
    expect(riskLevel(46, 'high')).toBe('high');
    expect(riskLevel(44, 'high')).toBe('elevated');
    expect(riskLevel(0, 'critical')).toBe('low');
  });

  it('a score that trembles around a bound changes the level once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 46, max: 54 }), { minLength: 1 }), (scores) => {
        let level: (typeof RISK_LEVELS)[number] = 'low';
        const told = new Set<string>();
        let changes = 0;
        for (const score of scores) {
          const next = riskLevel(score, level);
          if (next !== level) changes += 1;
          told.add(next);
          level = next;
        }
        expect(changes).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('the guard holds from its threshold on, and lets go below it; without a threshold never', () => {
    expect([49, 50].map((score) => isGuarded(score, 50, false))).toEqual([false, true]);
    expect([45, 44].map((score) => isGuarded(score, 50, true))).toEqual([true, false]);
    expect(isGuarded(100, null, true)).toBe(false);
  });
});
