import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runOpenLoop } from './open-loop.ts';

test('work begins at the rate, whether or not the work before is finished', async () => {
  const planned: number[] = [];
  const result = await runOpenLoop({ rate: 100, seconds: 0.2 }, async (_, plannedAt) => {
    planned.push(plannedAt);
    await sleep(100);
  });
  expect(result).toMatchObject({ begun: 20, failures: 0 });
  expect(result.mostInFlight).toBeGreaterThan(5);
  const steps = planned.slice(1).map((at, index) => at - planned[index]!);
  for (const step of steps) expect(step).toBeCloseTo(10, 6);
});

test('what begins late was planned earlier', async () => {
  const late: number[] = [];
  await runOpenLoop({ rate: 1_000, seconds: 0.05 }, async (index, plannedAt) => {
    late.push(performance.now() - plannedAt);
    if (index !== 0) return;
    const until = performance.now() + 30;
    while (performance.now() < until);
  });
  expect(Math.max(...late)).toBeGreaterThan(20);
});

test('failures are counted, and a signal ends the loop', async () => {
  const ending = new AbortController();
  const result = await runOpenLoop({ rate: 100, seconds: 60, signal: ending.signal }, async (index) => {
    if (index === 3) ending.abort();
    throw new Error('refused');
  });
  expect(result).toMatchObject({ begun: 4, failures: 4, firstFailure: 'refused' });
});
