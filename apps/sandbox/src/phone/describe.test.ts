import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { expect, test } from 'vitest';
import { describe } from './describe.ts';

const { Type } = proto.Message.ProtocolMessage;
const key = { id: 'T', fromMe: true, remoteJid: 'c' };
const target = { id: 'T', fromMe: true, chat: 'c', participant: null };

test.each<[string, proto.IMessage, object | null]>([
  ['a plain text', { conversation: 'hi' }, { type: 'text', text: 'hi' }],
  [
    'a reply',
    { extendedTextMessage: { text: 'yes', contextInfo: { stanzaId: 'Q', participant: 'p' } } },
    { type: 'text', text: 'yes', details: { quoted: { id: 'Q', participant: 'p' } } },
  ],
  ['a reaction', { reactionMessage: { key, text: '👍' } }, { type: 'reaction', text: '👍', details: { target } }],
  [
    'an edit',
    { protocolMessage: { type: Type.MESSAGE_EDIT, key, editedMessage: { conversation: 'new' } } },
    { type: 'edit', text: 'new', details: { target } },
  ],
  ['an edit in its envelope', { editedMessage: { message: { conversation: 'new' } } }, { type: 'text', text: 'new' }],
  ['a revocation', { protocolMessage: { type: Type.REVOKE, key } }, { type: 'revoke', details: { target } }],
  [
    'a poll',
    { pollCreationMessageV3: { name: 'q', options: [{ optionName: 'a' }], selectableOptionsCount: 1 } },
    { type: 'poll', text: 'q', details: { options: ['a'], selectableCount: 1 } },
  ],
  [
    'a poll in its newer envelope',
    { pollCreationMessageV4: { message: { pollCreationMessage: { name: 'q', options: [{ optionName: 'a' }] } } } },
    { type: 'poll', text: 'q', details: { options: ['a'], selectableCount: 0 } },
  ],
  [
    'several contacts, with what their cards say',
    {
      contactsArrayMessage: {
        displayName: 'Both',
        contacts: [
          { displayName: 'Ann', vcard: 'BEGIN:VCARD\nFN:Ann\nTEL;type=WORK;waid=1555:+1 555\nORG:A\\, B;\nEND:VCARD' },
          { displayName: 'Bob', vcard: 'BEGIN:VCARD\nFN:Bob\nEND:VCARD' },
        ],
      },
    },
    {
      type: 'contact',
      text: 'Both',
      details: {
        contacts: [
          { name: 'Ann', phones: [{ number: '+1 555', waId: '1555', label: 'work' }], organization: 'A, B' },
          { name: 'Bob' },
        ],
      },
    },
  ],
  [
    'an event',
    { eventMessage: { name: 'party', startTime: 1_700_000_000, location: { name: 'Café' }, isCanceled: true } },
    {
      type: 'event',
      text: 'party',
      details: { startTime: '2023-11-14T22:13:20.000Z', location: { name: 'Café' }, canceled: true },
    },
  ],
  [
    'a pressed button',
    { buttonsResponseMessage: { selectedButtonId: 'y', selectedDisplayText: 'Yes' } },
    { type: 'buttonReply', text: 'Yes', details: { buttonId: 'y' } },
  ],
  ['a vote', { pollUpdateMessage: { pollCreationMessageKey: key } }, { type: 'vote', details: { target } }],
  ['a form of a later protobuf', { messageContextInfo: { messageSecret: Buffer.alloc(32) } }, { type: 'unknown' }],
  [
    'a picture that is viewed once',
    {
      viewOnceMessage: { message: { imageMessage: { caption: 'c', directPath: '/v/x', mediaKey: Buffer.from([1]) } } },
    },
    { type: 'image', text: 'c', media: { path: '/v/x', mediaKey: 'AQ==' } },
  ],
  ['a kind that nobody thought of', { invoiceMessage: { note: 'party' } }, { type: 'invoice', text: null }],
  ['a bare sender key', { senderKeyDistributionMessage: { groupId: 'g' } }, null],
  ['nothing', {}, null],
])('%s', (_, message, expected) => {
  const decoded = proto.Message.decode(proto.Message.encode(message).finish());
  if (expected === null) expect(describe(decoded)).toBeNull();
  else expect(describe(decoded)).toMatchObject(expected);
});
