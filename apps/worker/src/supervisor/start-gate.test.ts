import { expect, it } from 'vitest';
import { createStartGate } from './start-gate.ts';
import { StartRamp } from './start-ramp.ts';

const rampOf = (burst: number) => new StartRamp({ perSecond: 10, burst, now: () => 0, random: () => 0 });

it('grants what both the own ramp and the fleet allow, and never asks the fleet for more than the ramp has', async () => {
  const asked: number[] = [];
  const gate = createStartGate(rampOf(3), async (wanted) => {
    asked.push(wanted);
    return wanted;
  });
  expect(await gate.enter(2)).toEqual({ granted: 2, retryInMs: 0 });
  expect(await gate.enter(5)).toEqual({ granted: 1, retryInMs: 100 });
  expect(await gate.enter(5)).toEqual({ granted: 0, retryInMs: 100 });
  expect(asked).toEqual([2, 1]);
});

it('what the fleet refuses costs nothing of the own ramp, and is asked for again soon', async () => {
  let room = 1;
  const gate = createStartGate(
    rampOf(3),
    async (wanted) => Math.min(wanted, room),
    () => 0,
  );
  expect(await gate.enter(3)).toEqual({ granted: 1, retryInMs: 250 });
  room = 5;
  expect((await gate.enter(3)).granted).toBe(2);
});
