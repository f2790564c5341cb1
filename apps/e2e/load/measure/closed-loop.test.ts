import { expect, test } from 'vitest';
import { runClosedLoop } from './closed-loop.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('one client never has two in flight, and stops at the count', async () => {
  let inFlight = 0;
  let most = 0;
  const result = await runClosedLoop({ clients: 1, seconds: 60, maxCount: 50 }, async () => {
    most = Math.max(most, ++inFlight);
    await turn();
    inFlight--;
  });
  const { count, done, failures } = result;
  expect({ most, count, done, failures }).toEqual({ most: 1, count: 50, done: 50, failures: 0 });
});

test('many clients each have one in flight', async () => {
  let inFlight = 0;
  let most = 0;
  await runClosedLoop({ clients: 8, seconds: 60, maxCount: 80 }, async () => {
    most = Math.max(most, ++inFlight);
    await turn();
    inFlight--;
  });
  expect(most).toBe(8);
});

test('a failure is not counted as done, and too many end the run', async () => {
  const result = await runClosedLoop({ clients: 1, seconds: 60, maxCount: 1_000 }, async (_client, index) => {
    await turn();
    if (index >= 5) throw new Error('refused');
  });
  expect(result).toMatchObject({ count: 5, failures: 20, firstFailure: 'refused' });
});

test('what is confirmed after the time is done, and does not count', async () => {
  const late = () => new Promise<void>((resolve) => setTimeout(resolve, 1_100));
  const result = await runClosedLoop({ clients: 2, seconds: 1, maxCount: 10 }, late);
  expect(result).toMatchObject({ count: 0, done: 2 });
});
