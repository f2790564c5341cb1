import { type Clock, createLogger, systemClock } from '@wa-gate/kit';
import { expect, it } from 'vitest';
import { KeyedLock } from '../keyed-lock.ts';
import { Batcher, type BatcherOptions } from './batcher.ts';

interface Item {
  sessionId: string;
  epoch: number;
  n: number;
}

const item = (n: number, sessionId = 's', epoch = 1): Item => ({ sessionId, epoch, n });
const impatient: Clock = { ...systemClock, sleep: () => new Promise((resolve) => setImmediate(resolve)) };
const unavailable = () => Object.assign(new Error('away'), { code: 'ECONNREFUSED' });

function batcher(run: BatcherOptions<Item>['run'], options: Partial<BatcherOptions<Item>> = {}) {
  const poison: number[] = [];
  const made = new Batcher<Item>({
    name: 'test',
    writeLock: new KeyedLock(),
    clock: impatient,
    logger: createLogger({ service: 'test', level: 'silent' }),
    onPoison: ({ n }) => poison.push(n),
    run,
    ...options,
  });
  return { made, poison };
}

it('writes what comes during a statement with the next one, in order', async () => {
  const batches: number[][] = [];
  const { made } = batcher(async (batch) => {
    batches.push(batch.map(({ n }) => n));
    await new Promise((resolve) => setImmediate(resolve));
  });
  made.add([item(1)]);
  made.add([item(2), item(3)]);
  await made.flush();
  expect(batches.flat()).toEqual([1, 2, 3]);
  expect(batches.length).toBeLessThanOrEqual(2);
});

it('never mixes two epochs of a session in one statement, and keeps their order', async () => {
  const batches: string[][] = [];
  const { made } = batcher(async (batch) => {
    batches.push(batch.map(({ sessionId, epoch, n }) => `${sessionId}${epoch}#${n}`));
  });
  made.add([item(1, 'a', 1), item(2, 'a', 2), item(3, 'b', 1), item(4, 'a', 2)]);
  await made.flush();
  expect(batches).toEqual([
    ['a1#1', 'b1#3'],
    ['a2#2', 'a2#4'],
  ]);
});

it('is done with one session when that one is written, however busy the others are', async () => {
  const written: number[] = [];
  let isBusy = true;
  const { made } = batcher(async (batch) => {
    written.push(...batch.map(({ n }) => n));
    await new Promise((resolve) => setImmediate(resolve));
    if (isBusy) made.add([item(99, 'busy')]);
  });
  made.add([item(0, 'busy')]);
  made.add([item(1, 'a')], { urgent: false });
  await made.flush('a');
  expect(written).toContain(1);
  isBusy = false;
  await made.flush();
});

it('lets what is not urgent wait for company, and takes it along with what is', async () => {
  const batches: number[][] = [];
  const { made } = batcher(async (batch) => void batches.push(batch.map(({ n }) => n)), { lingerMs: 60_000 });
  made.add([item(1)], { urgent: false });
  await new Promise((resolve) => setImmediate(resolve));
  expect(batches).toEqual([]);
  made.add([item(2)]);
  await made.flush();
  expect(batches).toEqual([[1, 2]]);
});

it('tries again while the database is away, and loses nothing', async () => {
  let failures = 3;
  const written: number[] = [];
  const { made, poison } = batcher(async (batch) => {
    if (failures-- > 0) throw unavailable();
    written.push(...batch.map(({ n }) => n));
  });
  made.add([item(1), item(2)]);
  await made.flush();
  expect([written, poison]).toEqual([[1, 2], []]);
});

it('finds the one item that cannot be written and writes the others', async () => {
  const written: number[] = [];
  const { made, poison } = batcher(async (batch) => {
    if (batch.some(({ n }) => n === 3)) throw new Error('invalid');
    written.push(...batch.map(({ n }) => n));
  });
  made.add([1, 2, 3, 4, 5].map((n) => item(n)));
  await made.flush();
  expect([written, poison]).toEqual([[1, 2, 4, 5], [3]]);
});

it('runs one statement at a time over all batchers with one write lock', async () => {
  const writeLock = new KeyedLock();
  let running = 0;
  let most = 0;
  const run = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  const [a, b] = [batcher(run, { writeLock }).made, batcher(run, { writeLock }).made];
  for (let n = 0; n < 5; n += 1) {
    a.add([item(n)]);
    b.add([item(n)]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all([a.flush(), b.flush()]);
  expect(most).toBe(1);
});
