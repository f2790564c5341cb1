import { expect, it } from 'vitest';
import { BoundedCache } from './bounded-cache.ts';

it('pushes out the entry that was not used for longest', () => {
  const cache = new BoundedCache<number>({ max: 2 });
  cache.set('a', 1);
  cache.set('b', 2);
  cache.get('a');
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  expect(cache.size).toBe(2);
});

it('forgets an entry after its time to live, counted from the last write', () => {
  let now = 0;
  const cache = new BoundedCache<number>({ max: 5, ttlMs: 100, now: () => now });
  cache.set('a', 1);
  now = 99;
  expect(cache.get('a')).toBe(1);
  expect(cache.has('a')).toBe(true);
  now = 100;
  expect(cache.has('a')).toBe(false);
  expect(cache.get('a')).toBeUndefined();
  expect(cache.size).toBe(0);
});

it('tells a stored undefined from an absent entry', () => {
  const cache = new BoundedCache<undefined>({ max: 2 });
  cache.set('a', undefined);
  expect([cache.has('a'), cache.has('b')]).toEqual([true, false]);
});
