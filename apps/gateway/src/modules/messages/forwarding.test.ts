import { expect, it } from 'vitest';
import { forwardOf } from './forwarding.ts';

const NOW = new Date();
const message = (more: Partial<Parameters<typeof forwardOf>[0]> = {}): Parameters<typeof forwardOf>[0] => ({
  id: '01a1fe67-59c3-7e76-818f-224716029ae9',
  type: 'text',
  fromMe: false,
  chatJid: '15550001@s.whatsapp.net',
  state: 'RECEIVED',
  revokedAt: null,
  sentAt: null,
  waTimestamp: NOW,
  text: 'hello',
  content: null,
  context: null,
  media: null,
  ...more,
});
const countOf = (more: Parameters<typeof message>[0]) => forwardOf(message(more)).forwarding.forwardedCount;

it('counts what somebody else has written once more; the account’s own words keep their count, as on a phone (MR-130)', () => {
  expect(countOf({})).toBe(1);
  expect(countOf({ context: { forwardedCount: 4 } })).toBe(5);
  expect(countOf({ context: { forwardedCount: 127 } })).toBe(127);
  expect(countOf({ fromMe: true, state: 'SENT' })).toBe(0);
  expect(countOf({ fromMe: true, state: 'SENT', context: { forwardedCount: 2 } })).toBe(2);
});

it('takes what the message says, and neither its quote nor its mentions (MR-130)', () => {
  const context = { mentions: ['1@s.whatsapp.net'], replyTo: { waMessageId: 'Q', type: 'text' as const } };
  expect(forwardOf(message({ context })).fields).toEqual({ type: 'text', text: 'hello' });
  const content = { latitude: 1, longitude: 2, name: 'There' };
  expect(forwardOf(message({ type: 'location', text: null, content })).fields).toEqual({
    type: 'location',
    ...content,
  });
});

it('takes the file of the message, its caption, and how it is shown (MR-130)', () => {
  const media = { mediaId: '01a1fe67-59c3-7e76-818f-224716029ae9', status: 'ready' as const };
  const fieldsOf = (more: Parameters<typeof message>[0]) => forwardOf(message({ media, ...more })).fields;
  const file = { media: { mediaId: media.mediaId } };
  expect(fieldsOf({ type: 'image', text: 'look' })).toEqual({ type: 'image', ...file, caption: 'look' });
  expect(fieldsOf({ type: 'video', text: null, content: { gif: true, seconds: 2 } })).toEqual({
    type: 'video',
    ...file,
    gif: true,
  });
  expect(fieldsOf({ type: 'audio', text: null, content: { voice: true } })).toEqual({
    type: 'audio',
    ...file,
    voice: true,
  });
  expect(fieldsOf({ type: 'document', text: null, content: { fileName: 'a.pdf' } })).toEqual({
    type: 'document',
    ...file,
    fileName: 'a.pdf',
  });
});

it.each([
  ['a picture without its file', { type: 'image', text: null }, 'MESSAGE_NOT_FORWARDABLE'],
  ['seen once', { context: { viewOnce: true } }, 'MESSAGE_NOT_FORWARDABLE'],
  [
    'a live location',
    { type: 'location', content: { latitude: 1, longitude: 2, live: true } },
    'MESSAGE_NOT_FORWARDABLE',
  ],
  ['of an unknown form', { type: 'unknown', text: null, content: { kind: 'x' } }, 'MESSAGE_NOT_FORWARDABLE'],
  ['without words', { text: null }, 'MESSAGE_NOT_FORWARDABLE'],
  ['deleted', { revokedAt: NOW }, 'MESSAGE_DELETED'],
  ['never sent', { fromMe: true, state: 'FAILED' }, 'MESSAGE_NOT_SENT'],
  ['unreadable', { type: 'unknown', content: { kind: 'undecryptable' } }, 'CHANGE_NOT_POSSIBLE'],
] as const)('refuses a message that is %s (MR-130)', (_, more, code) => {
  expect(() => forwardOf(message(more))).toThrow(expect.objectContaining({ code }));
});
