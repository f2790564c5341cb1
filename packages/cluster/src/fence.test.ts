import { expect, it } from 'vitest';
import { fenceParameters } from './fence.ts';

it('a batch names each session once, under one epoch (I2)', () => {
  const owner = { sessionId: 'a', epoch: 3 };
  expect(fenceParameters([owner, { sessionId: 'b', epoch: 1 }, owner])).toEqual({
    sessionIds: ['a', 'b'],
    epochs: [3, 1],
  });
  expect(() => fenceParameters([owner, { sessionId: 'a', epoch: 4 }])).toThrow(RangeError);
});
