import { describe, expect, test } from 'vitest';
import { KeyIndexes } from './key-indexes.ts';

const use = (counter: number, fingerprint: number, ratchet = 'r') => ({
  device: '1:1',
  peer: '2:0',
  ratchet,
  counter,
  fingerprint,
  messageId: 'm',
});

describe('message-key indexes', () => {
  test('an index is fresh once; again it is a repetition or, with another ciphertext, a reuse', () => {
    const keys = new KeyIndexes(10);
    expect(keys.note(use(0, 5))).toBeNull();
    expect(keys.note(use(1, 6))).toBeNull();
    expect(keys.note(use(0, 5))).toBe('repeated');
    expect(keys.note(use(0, 7))).toBe('reused');
    expect(keys.stats).toEqual({ ratchets: 1, indexes: 2, ratchetsForgotten: 0 });
  });

  test('counters may come late, skip, and begin anywhere', () => {
    const keys = new KeyIndexes(10);
    for (const counter of [100, 90, 300, 95]) expect(keys.note(use(counter, counter))).toBeNull();
    for (const counter of [100, 90, 300, 95]) expect(keys.note(use(counter, 1))).toBe('reused');
    expect([...keys.ratchets()]).toEqual([{ device: '1:1', peer: '2:0', ratchet: 'r', first: 90, last: 300, used: 4 }]);
  });

  test('the same counter of another ratchet is another key', () => {
    const keys = new KeyIndexes(10);
    keys.note(use(0, 1));
    expect(keys.note(use(0, 2, 'other'))).toBeNull();
  });

  test('a fingerprint of zero is a fingerprint', () => {
    const keys = new KeyIndexes(10);
    keys.note(use(0, 0));
    expect(keys.note(use(0, 0))).toBe('repeated');
  });

  test('forgets the oldest ratchet when there are too many, and says so', () => {
    const keys = new KeyIndexes(2);
    for (const ratchet of ['a', 'b', 'c']) keys.note(use(0, 1, ratchet));
    expect(keys.note(use(0, 2, 'c'))).toBe('reused');
    expect(keys.note(use(0, 2, 'a'))).toBeNull();
    expect(keys.stats.ratchetsForgotten).toBe(2);
  });
});
