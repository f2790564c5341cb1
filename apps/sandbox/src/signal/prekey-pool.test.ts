import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { PreKeyPool } from './prekey-pool.ts';

const keys = (...ids: number[]) => ids.map((id) => ({ id, publicKey: randomBytes(32) }));

describe('prekey pool', () => {
  test('hands each key out once, oldest first', () => {
    const pool = new PreKeyPool();
    const uploaded = keys(1, 2, 0xffffff);
    pool.add(uploaded);
    expect(pool.count).toBe(3);
    expect([pool.take(), pool.take(), pool.take(), pool.take()]).toEqual([...uploaded, undefined]);
    expect(pool.count).toBe(0);
  });

  test('keeps what is left when more is uploaded, and replaces an id that comes again', () => {
    const pool = new PreKeyPool();
    const [one, two] = keys(1, 2);
    pool.add([one!, two!]);
    pool.take();
    const [again, three] = keys(2, 3);
    pool.add([again!, three!]);
    expect(pool.list()).toEqual([again, three]);
    expect(PreKeyPool.fromJSON(JSON.parse(JSON.stringify(pool))).list()).toEqual([again, three]);
    pool.clear();
    expect(pool.take()).toBeUndefined();
  });

  test('refuses keys of the wrong length', () => {
    expect(() => new PreKeyPool().add([{ id: 1, publicKey: randomBytes(33) }])).toThrow(RangeError);
  });
});
