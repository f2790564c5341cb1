import { describe, expect, it } from 'vitest';
import { dayOf, instantOf, isTimeZone, nextDayAt, quietUntil } from './local-time.ts';

const utc = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString();

describe('a time on a clock (MR-036)', () => {
  it.each([
    // Berlin goes from 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.
    ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z', 'moved-forward'],
    ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z', 'first-of-two'],
    ['2026-10-25T02:59:59', 'Europe/Berlin', '2026-10-25T00:59:59.000Z', 'first-of-two'],
    ['2026-10-25T03:00', 'Europe/Berlin', '2026-10-25T02:00:00.000Z', undefined],
    ['2026-03-08T02:30', 'America/New_York', '2026-03-08T07:30:00.000Z', 'moved-forward'],
    ['2026-11-01T01:30', 'America/New_York', '2026-11-01T05:30:00.000Z', 'first-of-two'],
    // Half an hour of daylight saving.
    ['2026-10-04T02:15', 'Australia/Lord_Howe', '2026-10-03T15:45:00.000Z', 'moved-forward'],
    // A whole day that there never was.
    ['2011-12-30T12:00', 'Pacific/Apia', '2011-12-30T22:00:00.000Z', 'moved-forward'],
    ['2026-07-01T09:00', 'Asia/Jakarta', '2026-07-01T02:00:00.000Z', undefined],
  ])('%s in %s is %s (%s)', (local, zone, expected, adjusted) => {
    const { ms, adjusted: was } = instantOf(local, zone);
    expect([iso(ms), was]).toEqual([expected, adjusted]);
  });

  it.each(['2026-02-30T10:00', 'tomorrow', '2026-01-01T25:00'])('refuses %s', (local) => {
    expect(() => instantOf(local, 'UTC')).toThrow(RangeError);
  });

  it.each([
    ['Europe/Berlin', true],
    ['UTC', true],
    ['Mars/Olympus', false],
    ['+07:00', false],
    ['', false],
  ])('%s is a zone: %s', (name, expected) => {
    expect(isTimeZone(name)).toBe(expected);
  });
});

describe('days and quiet hours', () => {
  it('a day is one of the zone, also with 23 and 25 hours', () => {
    expect(dayOf(utc('2026-01-15T23:30:00Z'), 'Asia/Jakarta')).toBe('2026-01-16');
    expect(iso(nextDayAt(utc('2026-03-28T23:30:00Z'), 'Europe/Berlin'))).toBe('2026-03-29T22:00:00.000Z');
    expect(iso(nextDayAt(utc('2026-10-24T22:30:00Z'), 'Europe/Berlin'))).toBe('2026-10-25T23:00:00.000Z');
  });

  it.each([
    ['2026-01-15T20:59:00Z', null],
    ['2026-01-15T21:00:00Z', '2026-01-16T08:00:00.000Z'],
    ['2026-01-16T07:59:59Z', '2026-01-16T08:00:00.000Z'],
    ['2026-01-16T08:00:00Z', null],
  ])('over midnight, at %s they end at %s', (now, expected) => {
    const until = quietUntil(utc(now), 'UTC', { from: '21:00', to: '08:00' });
    expect(until === null ? null : iso(until)).toBe(expected);
  });

  it('within a day, and by the clock of another zone', () => {
    const noon = { from: '12:00', to: '13:00' };
    expect(quietUntil(utc('2026-01-15T05:30:00Z'), 'Asia/Jakarta', noon)).toBe(utc('2026-01-15T06:00:00Z'));
    expect(quietUntil(utc('2026-01-15T12:30:00Z'), 'Asia/Jakarta', noon)).toBeNull();
  });

  it('the same time twice is never quiet', () => {
    expect(quietUntil(utc('2026-01-15T12:00:00Z'), 'UTC', { from: '12:00', to: '12:00' })).toBeNull();
  });
});
