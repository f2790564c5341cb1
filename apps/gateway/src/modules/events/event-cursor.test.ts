import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cursorEntryOf,
  cursorKeyOf,
  readSessionCursor,
  readWorkspaceCursor,
  writeWorkspaceCursor,
} from './event-cursor.ts';

describe('the cursor of a workspace', () => {
  it('is read as it was written, with characters that need no escape in a URL or header', () => {
    const ids = fc.uniqueArray(fc.uuid(), { maxLength: 20, selector: cursorKeyOf });
    const seq = fc.nat({ max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(fc.nat({ max: 8_000_000_000_000 }), ids, seq, (shownUntil, sessions, first) => {
        const seqOf = (index: number) => Math.max(0, first - index);
        const text = writeWorkspaceCursor(
          shownUntil,
          sessions.map((id, index) => cursorEntryOf(id, seqOf(index))),
        );
        expect(text).toMatch(/^[A-Za-z0-9_.~-]+$/);
        const seqs = new Map(sessions.map((id, index) => [cursorKeyOf(id), seqOf(index)]));
        expect(readWorkspaceCursor(text)).toEqual({ shownUntil, seqs });
      }),
    );
  });

  it('of sessions with the same key keeps the earlier position', () => {
    expect(readWorkspaceCursor('w1~1~AAAAAAAA.5~AAAAAAAA.3')?.seqs).toEqual(new Map([['AAAAAAAA', 3]]));
  });

  it.each(['', '4711', 'w1', 'w1~', 'w1~1~', 'w1~1~AAAA.1', 'w2~1', 'w1~1~AAAAAAAA.', 'w1~1 ', 'W1~1'])(
    'is not %j',
    (text) => expect(readWorkspaceCursor(text)).toBeNull(),
  );
});

it('the cursor of a session is a number', () => {
  expect(readSessionCursor('0')).toBe(0);
  expect(readSessionCursor('4711')).toBe(4711);
  for (const text of ['', '-1', '1.5', '1e3', 'w1~1', '9999999999999999']) expect(readSessionCursor(text)).toBeNull();
});
