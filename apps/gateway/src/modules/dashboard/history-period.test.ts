import { expect, it } from 'vitest';
import { periodOf } from './history-period.ts';

const days = (unit: 'day' | 'week' | 'month', now: string) =>
  periodOf(unit, new Date(now)).map((date) => date.toISOString().replace('T00:00:00.000Z', ''));

it('thirty days end with today', () => {
  const told = days('day', '2026-03-01T23:59:59.999Z');
  expect(told).toHaveLength(30);
  expect([told[0], ...told.slice(-2)]).toEqual(['2026-01-31', '2026-02-28', '2026-03-01']);
});

it.each([
  ['2026-11-21T10:00:00Z', '2026-11-16'],
  ['2026-11-16T00:00:00Z', '2026-11-16'],
  ['2026-11-15T23:59:59Z', '2026-11-09'],
])('twelve weeks at %s end with that of Monday %s', (now, monday) => {
  const told = days('week', now);
  expect([told.length, told.at(-1)]).toEqual([12, monday]);
  expect(new Set(told.map((day) => new Date(day).getUTCDay()))).toEqual(new Set([1]));
});

it('twelve months end with this one, whatever their length', () => {
  const told = days('month', '2026-03-31T12:00:00Z');
  expect([told.length, told[0], told[10], told[11]]).toEqual([12, '2025-04-01', '2026-02-01', '2026-03-01']);
});
