import { describe, expect, it } from 'vitest';
import { isPlainReceipt, readReceipts, readServerAck } from './acks.ts';
import type { BinaryNode } from './baileys.ts';

const now = new Date('2026-01-01T00:00:00Z');

describe('server acks', () => {
  it('tells an acceptance from a refusal', () => {
    expect(readServerAck({ tag: 'ack', attrs: { id: 'ID1', class: 'message' } })).toEqual({ waMessageId: 'ID1' });
    expect(readServerAck({ tag: 'ack', attrs: { id: 'ID1', class: 'message', error: '463' } })).toEqual({
      waMessageId: 'ID1',
      error: '463',
    });
    expect(readServerAck({ tag: 'ack', attrs: { class: 'message' } })).toBeNull();
  });
});

describe('receipts', () => {
  const own = ['1000@s.whatsapp.net', '77@lid'];
  const receipt = (attrs: Record<string, string>, content?: BinaryNode[]): BinaryNode => ({
    tag: 'receipt',
    attrs: { id: 'ID1', from: '1555@s.whatsapp.net', t: '1700000000', ...attrs },
    ...(content && { content }),
  });
  const at = new Date(1_700_000_000_000);

  it.each([
    ['a delivery', {}, 'DELIVERED'],
    ['a reading', { type: 'read' }, 'READ'],
    ['a voice note that was played', { type: 'played' }, 'PLAYED'],
  ])('names %s', (_what, attrs, state) => {
    expect(readReceipts(receipt(attrs), own, now)).toEqual([{ waMessageId: 'ID1', state, at }]);
  });

  it.each([
    ['the own phone has it too', { type: 'sender', from: '1000@s.whatsapp.net', recipient: '1555@s.whatsapp.net' }],
    ['another device of the account has read what others wrote', { type: 'read-self' }],
    ['the same, as older versions say it', { type: 'read', recipient: '1555@s.whatsapp.net' }],
    ['a phone could not read it', { type: 'retry' }],
    ['a device has it whose user is away', { type: 'inactive' }],
    ['an own device has it in a group', { from: '1@g.us', participant: '77:3@lid' }],
  ])('says nothing when %s', (_what, attrs) => {
    expect(readReceipts(receipt(attrs), own, now)).toEqual([]);
  });

  it('asks for nothing when phones have got, read or played a message, and may ask for one again else', () => {
    for (const type of ['', 'read', 'played', 'sender']) expect(isPlainReceipt(receipt({ type }))).toBe(true);
    expect(isPlainReceipt(receipt({}))).toBe(true);
    for (const type of ['retry', 'server-error', 'enc_rekey_retry'])
      expect(isPlainReceipt(receipt({ type }))).toBe(false);
  });

  it('names the member of a group, and every message of a list', () => {
    const list = { tag: 'list', attrs: {}, content: [{ tag: 'item', attrs: { id: 'ID2' } }] };
    const node = receipt({ from: '1@g.us', participant: '1666:2@s.whatsapp.net', type: 'read' }, [list]);
    const participant = '1666@s.whatsapp.net';
    expect(readReceipts(node, own, now)).toEqual([
      { waMessageId: 'ID1', state: 'READ', at, participant },
      { waMessageId: 'ID2', state: 'READ', at, participant },
    ]);
  });

  it.each([
    ['in its second', 1_700_000_000_400, 1_700_000_000_400],
    ['a moment after its second', 1_700_000_001_020, 1_700_000_000_999],
    ['with a clock that is behind', 1_699_999_999_000, 1_699_999_999_000],
    ['much later, after a time offline', 1_700_000_900_000, 1_700_000_000_000],
  ])('has its time to the millisecond when it comes %s', (_when, arrival, expected) => {
    expect(readReceipts(receipt({}), own, new Date(arrival))[0]?.at.getTime()).toBe(expected);
  });

  it('falls back to the own clock without a time', () => {
    expect(readReceipts(receipt({ t: '' }), own, now)[0]?.at).toEqual(now);
  });
});
