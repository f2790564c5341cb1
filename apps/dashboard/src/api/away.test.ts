import { WaGateError } from '@wa-gate/sdk';
import { expect, test } from 'vitest';
import { isAway } from './away.ts';

test.each([
  ['no answer came', { code: 'CONNECTION_FAILED' }, true],
  ['none came in time', { code: 'TIMEOUT' }, true],
  ['a proxy answered for it', { code: 'UNEXPECTED_ANSWER', status: 502 }, true],
  ['a proxy answered with a page and 200', { code: 'UNEXPECTED_ANSWER', status: 200 }, true],
  ['it has no database now', { code: 'DATABASE_UNAVAILABLE', status: 503 }, true],
  ['it has failed', { code: 'INTERNAL', status: 500 }, false],
  ['it has refused', { code: 'VALIDATION', status: 400 }, false],
] as const)('the gateway is away or not: %s (MR-200)', (_, facts, wanted) => {
  expect(isAway(new WaGateError('A sentence.', facts))).toBe(wanted);
});
