import { waitFor } from '@wa-gate/testkit';
import { expect, it } from 'vitest';
import { Curve } from './baileys.ts';
import { FIRST_PREKEYS, preparedKeyPairs, prepareKeyPairs } from './key-pairs.ts';

const take = (count: number) => Array.from({ length: count }, () => Curve.generateKeyPair());

it('pairs that were prepared are handed to Baileys, each once, and agree with its own (I4)', async () => {
  const own = Curve.generateKeyPair();
  prepareKeyPairs(20);
  await waitFor(() => preparedKeyPairs() >= 20);
  const before = preparedKeyPairs();
  const pairs = take(before + 5);
  expect(preparedKeyPairs()).toBe(0);
  const keys = pairs.flatMap((pair) => [pair.public, pair.private].map((key) => Buffer.from(key).toString('hex')));
  expect(new Set(keys).size).toBe(2 * pairs.length);
  for (const pair of pairs) {
    expect([pair.public.length, pair.private.length]).toEqual([32, 32]);
    expect(Curve.sharedKey(pair.private, own.public)).toEqual(Curve.sharedKey(own.private, pair.public));
  }
});

it('many devices at a time prepare no more than those of two', async () => {
  for (let device = 0; device < 10; device += 1) prepareKeyPairs();
  await waitFor(() => preparedKeyPairs() >= 2 * FIRST_PREKEYS);
  expect(preparedKeyPairs()).toBeLessThanOrEqual(2 * FIRST_PREKEYS + 1);
});
