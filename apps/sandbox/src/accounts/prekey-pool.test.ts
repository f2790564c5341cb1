import { describe, expect, test } from 'vitest';
import { PreKeyPool } from './prekey-pool.ts';

const key = (id: number, fill = id) => ({ id, publicKey: Buffer.alloc(32, fill) });
const pool = (...ids: number[]) => {
  const made = new PreKeyPool();
  made.add(ids.map((id) => key(id)));
  return made;
};

describe('a pool of one-time prekeys', () => {
  test('hands out each key once, in the order of upload', () => {
    const keys = pool(7, 8);
    expect([keys.take(), keys.take(), keys.take()]).toEqual([key(7), key(8), null]);
    expect(keys.size).toBe(0);
    expect(keys.handedOut).toBe(2);
  });

  test('notices an id that comes again with another key, also after it was handed out', () => {
    const keys = pool(1, 2);
    keys.take();
    expect(keys.add([key(1, 99), key(2, 98), key(3)])).toEqual([1, 2]);
    expect(keys.ids()).toEqual([2, 3]);
  });

  test('takes the same upload twice as one', () => {
    const keys = pool(1, 2);
    expect(keys.add([key(1), key(2)])).toEqual([]);
    expect(keys.size).toBe(2);
  });

  test('survives being stored, with what was handed out since stored apart', () => {
    const keys = pool(1, 2, 3);
    const stored = keys.toBuffer();
    keys.take();
    const restored = PreKeyPool.fromBuffer(stored, keys.handedOut);
    expect(restored.ids()).toEqual([2, 3]);
    expect(restored.add([key(1, 50)])).toEqual([1]);
  });

  test('drops keys that were handed out long ago and still counts right', () => {
    const keys = new PreKeyPool();
    keys.add(Array.from({ length: 5000 }, (_, i) => key(i + 1, i % 256)));
    for (let i = 0; i < 4990; i++) keys.take();
    keys.add([key(9000)]);
    expect(keys.size).toBe(11);
    expect(keys.toBuffer().length).toBe(4 + 11 * 35);
    const restored = PreKeyPool.fromBuffer(keys.toBuffer(), keys.handedOut);
    expect(restored.take()?.id).toBe(4991);
  });

  test('shrinks to what a test wants', () => {
    const keys = pool(1, 2, 3, 4);
    keys.shrink(1);
    expect(keys.ids()).toEqual([4]);
  });
});
