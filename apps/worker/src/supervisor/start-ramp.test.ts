import { expect, it } from 'vitest';
import { StartRamp } from './start-ramp.ts';

it('lets a burst through at once and then keeps to its rate', () => {
  let now = 0;
  const ramp = new StartRamp({ perSecond: 10, burst: 3, now: () => now, random: () => 0 });
  let started = 0;
  const tick = () => {
    while (ramp.take().granted) started += 1;
  };
  tick();
  expect(started).toBe(3);
  expect(ramp.take()).toEqual({ granted: false, retryInMs: 100 });
  for (; now <= 1000; now += 50) tick();
  expect(started).toBe(13);
});

it('saves up no more than a burst while nothing starts', () => {
  let now = 0;
  const ramp = new StartRamp({ perSecond: 10, burst: 2, now: () => now });
  now = 60_000;
  expect([ramp.take().granted, ramp.take().granted, ramp.take().granted]).toEqual([true, true, false]);
});
