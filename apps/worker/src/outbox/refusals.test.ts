import { expect, it } from 'vitest';
import { describeRefusal } from './refusals.ts';

it.each([
  ['463', 'WA_REACHOUT_TIMELOCK'],
  ['429', 'WA_RATE_LIMITED'],
  ['479', 'WA_STANZA_REJECTED'],
  ['403', 'WA_NOT_ALLOWED'],
  ['999', 'WA_REJECTED'],
])('%s is %s, and the sentence names the code', (waCode, code) => {
  const refusal = describeRefusal(waCode);
  expect(refusal.code).toBe(code);
  expect(refusal.sentence).toContain(waCode);
});
