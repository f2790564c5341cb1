import { expect, it } from 'vitest';
import { RestWatch } from './rest.ts';

const MB = 1_048_576;

function watched() {
  const process = { work: 0, busy: 0, heap: 300 * MB, inUse: 250 * MB, collections: 0 };
  const watch = new RestWatch({
    work: () => process.work,
    busy: () => process.busy,
    heapBytes: () => process.heap,
    collect: () => {
      process.collections++;
      process.heap = Math.max(process.inUse, process.heap - 30 * MB);
    },
  });
  const look = (times: number) => {
    for (let n = 0; n < times; n++) watch.look();
    return process.collections;
  };
  return { process, look };
}

it('collects after half a minute of rest, as long as it gives something back, and not again while nothing happens', () => {
  const { look } = watched();
  expect([look(2), look(1), look(1), look(1), look(1_000)]).toEqual([0, 1, 2, 3, 3]);
});

it('a heap that becomes smaller each time is collected ten times at most', () => {
  const { process, look } = watched();
  process.heap = 2_000 * MB;
  expect(look(1_000)).toBe(10);
});

it('never collects while messages flow, however few', () => {
  const { process, look } = watched();
  for (let n = 0; n < 500; n++) {
    process.work++;
    expect(look(2)).toBe(0);
  }
});

it('never collects while the event loop is busy, as with logins', () => {
  const { process, look } = watched();
  process.busy = 0.2;
  expect(look(100)).toBe(0);
  process.busy = 0.05;
  expect(look(3)).toBe(1);
});

it('after more work it collects again, five minutes later at the earliest', () => {
  const { process, look } = watched();
  expect(look(10)).toBe(3);
  process.work++;
  process.heap = 300 * MB;
  expect([look(30), look(1), look(1), look(100)]).toEqual([3, 4, 5, 6]);
});

it('a small heap is left alone', () => {
  const { process, look } = watched();
  process.heap = 90 * MB;
  expect(look(100)).toBe(0);
});

it('the collection itself frees what nobody holds, without a flag of Node', async () => {
  let kept: { n: number }[] | undefined = Array.from({ length: 200_000 }, (_, n) => ({ n }));
  const gone = new WeakRef(kept);
  const watch = new RestWatch({ work: () => 0, busy: () => 0, heapBytes: () => 300 * MB });
  kept = undefined;
  await new Promise((resolve) => setTimeout(resolve, 1));
  for (let n = 0; n < 3; n++) watch.look();
  expect(kept).toBeUndefined();
  expect(gone.deref()).toBeUndefined();
});
