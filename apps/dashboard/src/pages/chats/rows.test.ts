import { describe, expect, test } from 'vitest';
import type { Message } from '../../api/types.ts';
import { type Row, RowHeights, rowsOf } from './rows.ts';

const message = (messageId: string, createdAt: string, text = messageId): Message =>
  ({ messageId, createdAt, text, type: 'text', reactions: [] }) as unknown as Message;
const page = (...messages: Message[]) => ({ messages });
const shown = (rows: readonly Row[]): string[] => rows.map((row) => (row.kind === 'message' ? row.key : row.kind));

describe('the rows of a chat (MR-200)', () => {
  const [a, b, c] = [
    message('a', '2026-11-28T10:00Z'),
    message('b', '2026-11-29T10:00Z'),
    message('c', '2026-11-29T11:00Z'),
  ];

  test('the oldest message comes first, and each day before its first message', () => {
    expect(shown(rowsOf([page(c, b), page(a)], false))).toEqual(['day', 'a', 'day', 'b', 'c']);
  });

  test('a message that is in two pages has one row', () => {
    expect(shown(rowsOf([page(c, b, a), page(b, a)], false))).toEqual(['day', 'a', 'day', 'b', 'c']);
  });

  test('the phone is asked before the first row, which is told from that before another one', () => {
    expect(shown(rowsOf([page(a)], true))).toEqual(['older', 'day', 'a']);
    expect(rowsOf([page(a)], true)[0]!.key).not.toBe(rowsOf([page(b)], true)[0]!.key);
    expect(rowsOf([], true)).toEqual([]);
  });

  test('the row of a message that is what it was stays the same', () => {
    const before = rowsOf([page(b, a)], false);
    const after = rowsOf([page(c, { ...b, text: 'changed' }, a)], false);
    expect(after[1]).toBe(before[1]);
    expect(after[3]).not.toBe(before[3]);
  });
});

describe('the heights of rows that were not drawn yet', () => {
  const row = (text: string): Row => ({ kind: 'message', key: text, message: message(text, '2026-11-29T10:00Z') });
  const long = 'word '.repeat(60);

  test('are those of the last row of the same shape', () => {
    const heights = new RowHeights(64);
    heights.learn(row('short'), 58);
    heights.learn(row(long), 160);
    expect(heights.guess(row('also short'))).toBe(58);
    expect(heights.guess(row(`${long.slice(0, -5)}texts`))).toBe(160);
    expect(heights.guess({ kind: 'day', key: 'day', at: '2026-11-29T10:00Z' })).toBe(64);
  });

  test('are guessed once: what is learnt later moves no row', () => {
    const heights = new RowHeights(64);
    const early = row('short');
    expect(heights.guess(early)).toBe(64);
    heights.learn(row('another'), 58);
    expect(heights.guess(early)).toBe(64);
    expect(heights.guess(row('late'))).toBe(58);
  });
});
