import { expect, it } from 'vitest';
import { otherSpellings } from './spellings.ts';

it.each([
  ['Mexico', '5215512345678', '525512345678'],
  ['Argentina', '5491123456789', '541123456789'],
  ['Brazil', '5511987654321', '551187654321'],
  ['Benin', '2290197123456', '22997123456'],
  ['Ivory Coast, first network', '2250101234567', '22501234567'],
  ['Ivory Coast, second network', '2250504123456', '22504123456'],
  ['Ivory Coast, third network', '2250707123456', '22507123456'],
])('%s: %s and %s are one line (MR-156)', (_, one, other) => {
  expect(otherSpellings(one)).toEqual([other]);
  expect(otherSpellings(other)).toEqual([one]);
});

it.each(['6281234567890', '15551234567', '551133334444', '4915112345678'])('%s has one spelling (MR-156)', (number) => {
  expect(otherSpellings(number)).toEqual([]);
});
