import { describe, expect, test } from 'vitest';
import type { Message } from '../api/types.ts';
import { type MessagePages, withChange, withNewest, withoutMessage } from './message-pages.ts';

const message = (messageId: string, text = messageId) => ({ messageId, text }) as unknown as Message;
const page = (ids: string, nextCursor: string | null = 'more') => ({
  messages: [...ids].map((id) => message(id)),
  pagination: { nextCursor },
});
const known = (...ids: string[]): MessagePages => ({
  pages: ids.map((each, at) => page(each, at === ids.length - 1 ? null : `before ${each}`)),
  pageParams: ids.map((_, at) => (at === 0 ? '' : `before ${ids[at - 1]}`)),
});
const ids = ({ pages }: MessagePages) => pages.map(({ messages }) => messages.map((each) => each.messageId).join(''));

describe('what is known of a chat, and what the newest page says (MR-200)', () => {
  test('new messages come before it, older pages stay what they are', () => {
    const before = known('dcb', 'a');
    const after = withNewest(before, page('fed'));
    expect(ids(after)).toEqual(['fedcb', 'a']);
    expect(after.pages[1]).toBe(before.pages[1]);
    expect(after.pages[0]!.pagination).toEqual({ nextCursor: 'before dcb' });
    expect(after.pageParams).toEqual(before.pageParams);
  });

  test('what it covers is as it says: changed, gone, or in another order', () => {
    const newest = { messages: [message('e', 'edited'), message('c')], pagination: { nextCursor: 'more' } };
    const after = withNewest(known('edcb', 'a'), newest);
    expect(ids(after)).toEqual(['ecb', 'a']);
    expect(after.pages[0]!.messages[0]).toMatchObject({ text: 'edited' });
  });

  test('with messages between that may be missing, or when it is all there is, it stands alone', () => {
    expect(withNewest(known('cb', 'a'), page('hgf'))).toEqual({ pages: [page('hgf')], pageParams: [''] });
    expect(withNewest(known('cb', 'a'), page('', null))).toEqual({ pages: [page('', null)], pageParams: [''] });
  });

  test('one message changes or goes: other pages are the same objects', () => {
    const before = known('dc', 'ba');
    const changed = withChange(before, 'b', (each) => ({ ...each, text: 'read' }) as Message);
    expect(changed.pages[0]).toBe(before.pages[0]);
    expect(changed.pages[1]!.messages).toMatchObject([{ messageId: 'b', text: 'read' }, { messageId: 'a' }]);
    expect(withChange(before, 'x', () => message('x'))).toBe(before);
    const without = withoutMessage(before, 'b');
    expect(ids(without)).toEqual(['dc', 'a']);
    expect(without.pages[0]).toBe(before.pages[0]);
  });
});
