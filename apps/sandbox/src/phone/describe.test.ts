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
