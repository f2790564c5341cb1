import { expect, test } from 'vitest';
import { partsOf, StatusParts } from './status-parts.ts';

test('an audience is cut into parts that have everybody once, in order', () => {
  const audience = Array.from({ length: 1_201 }, (_, index) => `${index}@s.whatsapp.net`);
  const parts = partsOf(audience);
  expect(parts.map(({ length }) => length)).toEqual([500, 500, 201]);
  expect(parts.flat()).toEqual(audience);
});

test('the acknowledgement of the last part stands for all, and a refusal of any part at once', () => {
  const parts = new StatusParts();
  parts.expect('ID1', 3);
  expect([1, 2, 3].map(() => parts.isLast({ waMessageId: 'ID1' }))).toEqual([false, false, true]);
  parts.expect('ID2', 3);
  expect(parts.isLast({ waMessageId: 'ID2' })).toBe(false);
  expect(parts.isLast({ waMessageId: 'ID2', error: '403' })).toBe(true);
});

test('a message that goes out in one stanza has one acknowledgement', () => {
  expect(new StatusParts().isLast({ waMessageId: 'ID1' })).toBe(true);
});
