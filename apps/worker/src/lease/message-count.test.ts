import { expect, it } from 'vitest';
import { createMessageCount } from './message-count.ts';

it('goes on from what the process lives before have counted, and stores nothing until it knows that (MR-018)', () => {
  let now = 3;
  const count = createMessageCount(() => now);
  expect([count.known(), count.shown()]).toEqual([0, 3]);
  count.stored(1_000);
  now = 5;
  expect([count.known(), count.shown()]).toEqual([1_005, 1_005]);
  // The answer to a renewal holds what this process has stored itself: no reason to count it again.
  count.stored(1_005);
  now = 6;
  expect(count.known()).toBe(1_006);
});
