import { describe, expect, it } from 'vitest';
import { readChatReceipts, readGroupReceipts, readServerAck } from './acks.ts';

const now = new Date('2026-01-01T00:00:00Z');
const key = { id: 'ID1', fromMe: true, remoteJid: '1555@s.whatsapp.net' };

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
  it('names the state that each receipt of the recipient stands for', () => {
    const updates = [2, 3, 4, 5, 0].map((status) => ({ key, update: { status, messageTimestamp: 1_700_000_000 } }));
    const at = new Date(1_700_000_000_000);
    expect(readChatReceipts(updates, now)).toEqual([
      { waMessageId: 'ID1', state: 'DELIVERED', at },
      { waMessageId: 'ID1', state: 'READ', at },
      { waMessageId: 'ID1', state: 'PLAYED', at },
    ]);
  });

  it('ignores what other devices of the account read, and falls back to the own clock without a time', () => {
    expect(readChatReceipts([{ key: { ...key, fromMe: false }, update: { status: 4 } }], now)).toEqual([]);
    expect(readChatReceipts([{ key, update: { status: 3 } }], now)).toEqual([
      { waMessageId: 'ID1', state: 'DELIVERED', at: now },
    ]);
  });

  it('takes a group member and not the own phone', () => {
    const update = (userJid: string, receipt: object) => ({ key, receipt: { userJid, ...receipt } });
    const read = readGroupReceipts(
      [
        update('1000@s.whatsapp.net', { receiptTimestamp: 1 }),
        update('1666@s.whatsapp.net', { receiptTimestamp: 1_700_000_000 }),
        update('1666@s.whatsapp.net', { readTimestamp: 1_700_000_001 }),
      ],
      ['1000@s.whatsapp.net'],
      now,
    );
    expect(read.map(({ state, at }) => [state, at.getTime()])).toEqual([
      ['DELIVERED', 1_700_000_000_000],
      ['READ', 1_700_000_001_000],
    ]);
  });
});
