import { expect, it } from 'vitest';
import { withoutBasePath } from './base-path.ts';

it.each([
  ['/wa', '/'],
  ['/wa/', '/'],
  ['/wa?x=1', '/?x=1'],
  ['/wa/api/sessions?limit=1', '/api/sessions?limit=1'],
  ['/wa/wa/api', '/wa/api'],
  ['http://host.example:8000/wa/api', '/api'],
])('%s below /wa is %s (MR-180)', (given, known) => {
  expect(withoutBasePath(given, '/wa')).toBe(known);
});

it.each(['/', '/api/wa', '/wax', '/wa%2Fapi', '/WA/api', 'http://host.example/api', '*', ''])(
  '%j has no base path, and stays',
  (given) => {
    expect(withoutBasePath(given, '/wa')).toBe(given);
  },
);

it('at the root every URL stays', () => {
  expect(withoutBasePath('/wa/api', '')).toBe('/wa/api');
});
