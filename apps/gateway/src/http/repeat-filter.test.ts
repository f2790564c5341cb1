import { expect, it } from 'vitest';
import { createRepeatFilter } from './repeat-filter.ts';

it('lets the first through, then one in a while, which tells how many there were', () => {
  let now = 0;
  const filter = createRepeatFilter({ forMs: 1_000, now: () => now });
  expect([filter.pass('a'), filter.pass('a'), filter.pass('b'), filter.pass('a')]).toEqual([0, null, 0, null]);
  now = 1_000;
  expect([filter.pass('a'), filter.pass('a')]).toEqual([2, null]);
  now = 5_000;
  expect([filter.pass('a'), filter.pass('b')]).toEqual([1, 0]);
});
