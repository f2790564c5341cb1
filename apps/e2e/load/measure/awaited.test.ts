import { expect, test } from 'vitest';
import { Awaited } from './awaited.ts';

test('what comes later and what came earlier are both told with their time', async () => {
  const awaited = new Awaited();
  const later = awaited.for('later', 1_000);
  awaited.came('later', 7);
  awaited.came('earlier', 3);
  expect([await later, await awaited.for('earlier', 1_000)]).toEqual([7, 3]);
});

test('what does not come is named', async () => {
  await expect(new Awaited().for('message.sent of a', 10)).rejects.toThrow('message.sent of a did not come within');
});
