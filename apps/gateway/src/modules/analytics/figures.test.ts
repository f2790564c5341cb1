import { expect, it } from 'vitest';
import { daysOf } from './figures.ts';

const day = (text: string) => new Date(`2026-03-${text}Z`);

it('a period is cut at midnight in UTC, without a gap', () => {
  const slices = daysOf({ from: day('01T10:00:00'), to: day('04T00:00:01') });
  expect(slices).toEqual([
    { from: day('01T10:00:00'), to: day('02T00:00:00'), isWholeDay: false },
    { from: day('02T00:00:00'), to: day('03T00:00:00'), isWholeDay: true },
    { from: day('03T00:00:00'), to: day('04T00:00:00'), isWholeDay: true },
    { from: day('04T00:00:00'), to: null, isWholeDay: false },
  ]);
});

it('a period within a day is one piece', () => {
  const from = day('01T10:00:00');
  expect(daysOf({ from, to: day('01T11:00:00') })).toEqual([{ from, to: null, isWholeDay: false }]);
});

it('nothing is no piece', () => {
  expect(daysOf({ from: day('01T10:00:00'), to: day('01T10:00:00') })).toEqual([]);
});
