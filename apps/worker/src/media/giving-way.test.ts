import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { GivingWay } from './giving-way.ts';

const KIB = 1_024;
const nobody = { signal: new AbortController().signal, moved: () => undefined, stop: () => undefined };

function begin(way: GivingWay, kib: number): number[] {
  const pieces: number[] = [];
  void (async () => {
    for await (const piece of way.read(Readable.from([Buffer.alloc(kib * KIB)]), nobody))
      pieces.push(piece.length / KIB);
  })();
  return pieces;
}

it('a file is read as it comes; while messages are sent all files together by 64 KiB in 8 ms (MR-011)', async () => {
  const clock = new FakeClock();
  const way = new GivingWay(clock);
  const alone = begin(way, 256);
  await clock.advance(0);
  expect(alone).toEqual([256]);

  way.giveWay();
  const [one, other] = [begin(way, 256), begin(way, 160)];
  await clock.advance(7);
  expect([one, other]).toEqual([[], []]);
  await clock.advance(17);
  expect([...one, ...other]).toEqual([64, 64, 64]);
  await clock.advance(40);
  expect([one, other]).toEqual([
    [64, 64, 64, 64],
    [64, 64, 32],
  ]);
});

it('50 ms after the last message files are read as they come (MR-011)', async () => {
  const clock = new FakeClock();
  const way = new GivingWay(clock);
  way.giveWay();
  const pieces = begin(way, 1_024);
  await clock.advance(49);
  expect(pieces).toEqual(Array.from({ length: 6 }, () => 64));
  await clock.advance(10);
  expect(pieces).toEqual([...Array.from({ length: 7 }, () => 64), 1_024 - 7 * 64]);
});

it('a file whose upload has ended is closed (I7)', async () => {
  const ended = new AbortController();
  const way = new GivingWay(new FakeClock());
  const stream = Readable.from([Buffer.alloc(1), Buffer.alloc(1)]);
  const reading = (async () => {
    for await (const _ of way.read(stream, { ...nobody, signal: ended.signal })) ended.abort(new Error('moved'));
  })();
  await expect(reading).rejects.toThrow('moved');
  expect(stream.destroyed).toBe(true);
});
