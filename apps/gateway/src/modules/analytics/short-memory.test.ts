import { expect, it } from 'vitest';
import { createShortMemory } from './short-memory.ts';

it('reads once for callers at the same time and for a moment after, and again then', async () => {
  let now = 0;
  let reads = 0;
  const memory = createShortMemory({ forMs: 1_000, now: () => now });
  const recall = () => memory.recall('a', async () => ++reads);
  expect(await Promise.all([recall(), recall()])).toEqual([1, 1]);
  now = 999;
  expect(await recall()).toBe(1);
  expect(await memory.recall('b', async () => 'other')).toBe('other');
  now = 1_000;
  expect(await recall()).toBe(2);
});

it('does not remember a failure', async () => {
  const memory = createShortMemory({ forMs: 1_000 });
  await expect(memory.recall('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await memory.recall('a', async () => 'back')).toBe('back');
});
