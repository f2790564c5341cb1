import { describe, expect, it } from 'vitest';
import { SpamDetector, type Verdict } from './detector.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2026-01-15T08:00:00Z');

function model() {
  let now = START;
  const detector = new SpamDetector({ now: () => now });
  let next = 0;
  return {
    detector,
    pass: (ms: number) => (now += ms),
    /** Messages to strangers, so far apart; what they bring. */
    cold: (count: number, everyMs: number, text?: string): Verdict[] =>
      Array.from({ length: count }, () => {
        now += everyMs;
        next += 1;
        return detector.wrote('1', `s${next}`, text ?? `text ${next}`);
      }).filter((verdict) => verdict !== null),
  };
}
const kinds = (verdicts: Verdict[]) =>
  verdicts.map((verdict) => (verdict.kind === 'warning' ? verdict.status : verdict.kind));

describe('the spam detector', () => {
  it('warns twice, caps for a day, then locks, then bans, as the same burst comes again', () => {
    const { cold, pass, detector } = model();
    const burst = () => kinds(cold(110, 2_000, 'Buy!'));
    expect(burst()).toEqual(['FIRST_WARNING', 'SECOND_WARNING', 'cap']);
    expect(detector.report('1').heldUntil).not.toBeNull();
    pass(DAY);
    expect(burst()).toContain('time-lock');
    pass(DAY);
    expect(burst()).toContain('ban');
    expect(detector.report('1')).toMatchObject({ isBanned: true, strikes: 3 });
    expect(detector.refuses('1', 'anybody')).toBe(true);
  });

  it('a restriction refuses new chats, and lets those go on who have written', () => {
    const { cold, detector } = model();
    detector.wrote('friend', '1', 'hi');
    cold(200, 1_000, 'Buy!');
    expect([detector.refuses('1', 'stranger'), detector.refuses('1', 'friend')]).toEqual([true, false]);
    expect(detector.refuses('friend', '1')).toBe(false);
  });

  it('counts a stranger once, an answer against it, and a block tenfold', () => {
    const { detector } = model();
    for (const text of ['a', 'b', 'c']) detector.wrote('1', '2', text);
    expect(detector.report('1')).toMatchObject({ suspicion: 1, strangers: 1 });
    detector.blocked('1');
    expect(detector.report('1').suspicion).toBe(11);
    detector.wrote('2', '1', 'who are you?');
    expect(detector.report('1')).toMatchObject({ suspicion: 8, strangers: 0 });
    expect(detector.wrote('1', '2', 'd')).toBeNull();
    expect(detector.report('2').strangers).toBe(0);
  });

  it('one text to many weighs more than many texts, a hurry more than a day, and all of it fades', () => {
    const suspicion = (count: number, everyMs: number, text?: string) => {
      const { cold, detector } = model();
      cold(count, everyMs, text);
      return detector.report('1').suspicion;
    };
    expect(suspicion(14, 1, 'one')).toBe(16);
    expect(suspicion(14, 1)).toBe(14);
    expect(suspicion(30, 1)).toBe(45);
    expect(suspicion(30, 10 * 60_000)).toBeLessThan(30);
    const { cold, pass, detector } = model();
    cold(10, 1);
    pass(DAY);
    expect(detector.report('1').suspicion).toBe(5);
  });

  it('forgets a restriction after a month: the next burst is a first one', () => {
    const { cold, pass } = model();
    cold(110, 2_000, 'Buy!');
    pass(31 * DAY);
    expect(kinds(cold(110, 2_000, 'Buy!'))).toEqual(['FIRST_WARNING', 'SECOND_WARNING', 'cap']);
  });
});
