import { CHANGES, type ChangeName } from '@wa-gate/contracts';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { proto, type WAMessage } from '../whatsapp/baileys.ts';
import { project } from './inbound.ts';

const own = { jid: '1000@s.whatsapp.net', lid: '77@lid' };
const peer = '1555@s.whatsapp.net';
const group = '12-34@g.us';
const { Type: ProtocolType } = proto.Message.ProtocolMessage;
const { Type: PinType } = proto.Message.PinInChatMessage;

const direct = { remoteJid: peer, fromMe: false, id: 'C1' };
const inGroup = { remoteJid: group, participant: peer, fromMe: false, id: 'C1' };
const target = { remoteJid: peer, fromMe: true, id: 'T1' };

const projectionOf = (message: proto.IMessage, key: WAMessage['key'] = direct) =>
  project(
    { key, messageTimestamp: 1_700_000_000, message: proto.Message.fromObject(message) } as unknown as WAMessage,
    own,
  );
const changeOf = (message: proto.IMessage, key?: WAMessage['key']) => {
  const projection = projectionOf(message, key);
  return projection.as === 'change' ? projection.change : null;
};

const edited = (editedMessage: proto.IMessage): proto.IMessage => ({
  protocolMessage: { type: ProtocolType.MESSAGE_EDIT, key: target, editedMessage },
});
const revoked = (key: proto.IMessageKey): proto.IMessage => ({ protocolMessage: { type: ProtocolType.REVOKE, key } });

describe('what a message does to another one', () => {
  it.each<[string, ChangeName, proto.IMessage, object]>([
    ['an edited text', 'edit', edited({ conversation: 'new' }), { type: 'text', text: 'new' }],
    [
      'an edit in its envelope',
      'edit',
      { editedMessage: { message: edited({ conversation: 'new' }) } },
      { text: 'new' },
    ],
    [
      'an edited caption',
      'edit',
      edited({ imageMessage: { caption: 'c', width: 3 } }),
      { type: 'image', text: 'c', content: { width: 3 } },
    ],
    [
      'an edit with U+0000, which PostgreSQL cannot store',
      'edit',
      edited({ conversation: 'a\u0000' }),
      { text: 'a\uFFFD' },
    ],
    ['a revocation', 'revoke', revoked(target), {}],
    [
      'a pin',
      'pin',
      {
        pinInChatMessage: { type: PinType.PIN_FOR_ALL, key: target },
        messageContextInfo: { messageAddOnDurationInSecs: 86_400 },
      },
      { isPinned: true, seconds: 86_400 },
    ],
    [
      'a pin that is taken away',
      'pin',
      { pinInChatMessage: { type: PinType.UNPIN_FOR_ALL, key: target } },
      { isPinned: false },
    ],
  ])('%s', (_, name, message, data) => {
    const change = changeOf(message)?.change;
    expect(change).toMatchObject({ name, data });
    expect(Value.Check(Type.Object(CHANGES[name].data, { additionalProperties: false }), change?.data)).toBe(true);
  });

  it('is reported with who did it, when, where, and to whose message', () => {
    expect(changeOf(revoked(target))).toEqual({
      waMessageId: 'C1',
      chatJid: peer,
      fromJid: peer,
      fromMe: false,
      target: { waMessageId: 'T1', fromJid: peer },
      change: { name: 'revoke', data: {} },
      waTimestamp: new Date(1_700_000_000_000),
    });
  });

  it.each<[string, proto.IMessageKey, WAMessage['key'], string]>([
    ['its own', target, direct, peer],
    ['ours, in a direct chat', { ...target, fromMe: false }, direct, own.jid],
    [
      'that of a member, by an administrator of the group',
      { id: 'T1', fromMe: false, participant: '1666:3@s.whatsapp.net' },
      inGroup,
      '1666@s.whatsapp.net',
    ],
    ['that of the other side, by our phone', { ...target, fromMe: false }, { ...direct, fromMe: true }, peer],
    ['our own, by our phone', target, { ...direct, fromMe: true }, own.jid],
  ])('%s', (_, key, envelope, author) => {
    expect(changeOf(revoked(key), envelope)?.target).toEqual({ waMessageId: 'T1', fromJid: author });
  });
});

describe('what is no change', () => {
  it.each<[string, proto.IMessage, string]>([
    ['a protocol message of another type', { protocolMessage: { type: ProtocolType.EPHEMERAL_SETTING } }, 'nothing'],
    ['a revocation of no message', revoked({}), 'nothing'],
    ['an edit that says nothing', edited({}), 'nothing'],
    ['an encrypted vote', { pollUpdateMessage: { pollCreationMessageKey: target } }, 'nothing'],
    ['a reaction, which is a message', { reactionMessage: { key: target, text: '👍' } }, 'message'],
    ['a text that comes with a protocol message', { conversation: 'hi', ...revoked(target) }, 'message'],
  ])('%s', (_, message, as) => {
    expect(projectionOf(message).as).toBe(as);
  });
});

it.each(Object.keys(CHANGES) as ChangeName[])('the example of %s has its shape', (name) => {
  const { data, example } = CHANGES[name];
  expect(Value.Check(Type.Object(data, { additionalProperties: false }), example)).toBe(true);
});
