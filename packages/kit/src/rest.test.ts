import { expect, it } from 'vitest';
import { RestWatch } from './rest.ts';

const MB = 1_048_576;

function watched() {
  const process = { work: 0, busy: 0, heap: 300 * MB, collections: 0 };
  const watch = new RestWatch({
    work: () => process.work,
    busy: () => process.busy,
    heapBytes: () => process.heap,
    collect: () => void process.collections++,
  });
  const look = (times: number) => {
    for (let n = 0; n < times; n++) watch.look();
    return process.collections;
  };
  return { process, look };
}

it('collects twice after half a minute of rest, and not again while nothing happens', () => {
  const { look } = watched();
  expect([look(2), look(1), look(1), look(1_000)]).toEqual([0, 1, 2, 2]);
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
  expect(look(10)).toBe(2);
  process.work++;
  expect([look(30), look(1), look(1), look(100)]).toEqual([2, 3, 4, 4]);
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
