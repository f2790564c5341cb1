import { expect, it } from 'vitest';
import { corsOrigins, durationSeconds } from './config.ts';

it.each([
  ['15m', 900],
  ['90', 90],
  ['90s', 90],
  ['2h', 7_200],
  ['7d', 604_800],
])('%s is %i seconds', (duration, seconds) => {
  expect(durationSeconds(duration)).toBe(seconds);
});

it.each([
  ['', []],
  ['https://a.example.test', ['https://a.example.test']],
  [' https://a.example.test , https://b.example.test', ['https://a.example.test', 'https://b.example.test']],
  ['https://a.example.test,*', true],
])('origins %j are %j', (list, origins) => {
  expect(corsOrigins(list)).toEqual(origins);
});
