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

const projectionOf = (message: proto.IMessage, key: WAMessage['key'] = direct, stanza = {}) =>
  project(
    { key, messageTimestamp: 1_700_000_000, message: proto.Message.fromObject(message) } as unknown as WAMessage,
    own,
    stanza,
  );
const changeOf = (...given: Parameters<typeof projectionOf>) => {
  const projection = projectionOf(...given);
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
    ['a reaction', 'reaction', { reactionMessage: { key: target, text: '👍' } }, { emoji: '👍' }],
    ['a reaction that is taken back', 'reaction', { reactionMessage: { key: target } }, { emoji: '' }],
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
    const change = changeOf(message);
    expect(change).toMatchObject({ kind: name, data });
    expect(Value.Check(Type.Object(CHANGES[name].data, { additionalProperties: false }), change?.data)).toBe(true);
  });

  it('is reported with who did it, when, where, and to whose message', () => {
    expect(changeOf(revoked(target), { ...direct, remoteJidAlt: '99@lid' })).toEqual({
      waMessageId: 'C1',
      chatJid: peer,
      chatAltJid: '99@lid',
      fromJid: peer,
      fromAltJid: '99@lid',
      fromMe: false,
      byAdmin: false,
      target: { waMessageId: 'T1', fromMe: false },
      kind: 'revoke',
      data: {},
      waTimestamp: new Date(1_700_000_000_000),
    });
  });

  it('names the member of a group under both names, and says whether the server has marked an administrator', () => {
    const key = { ...inGroup, participantAlt: '99@lid' };
    expect(changeOf(revoked({ id: 'T1', participant: '66@lid' }), key, { edit: '8' })).toMatchObject({
      fromJid: peer,
      fromAltJid: '99@lid',
      byAdmin: true,
    });
    expect(changeOf(revoked(target), inGroup, { edit: '7' })?.byAdmin).toBe(false);
  });

  it('an encrypted edit and an encrypted reaction stay sealed', () => {
    const part = { targetMessageKey: target, encPayload: Buffer.from('p'), encIv: Buffer.from('iv') };
    const { MESSAGE_EDIT } = proto.Message.SecretEncryptedMessage.SecretEncType;
    const data = { payload: Buffer.from('p').toString('base64'), iv: Buffer.from('iv').toString('base64') };
    expect(changeOf({ secretEncryptedMessage: { ...part, secretEncType: MESSAGE_EDIT } })).toMatchObject({
      kind: 'sealed',
      data: { ...data, sealed: 'edit' },
    });
    expect(changeOf({ encReactionMessage: part })).toMatchObject({
      kind: 'sealed',
      data: { ...data, sealed: 'reaction' },
    });
  });

  it('a vote and an answer to an event are always sealed; a vote says when it was cast', () => {
    const sealed = { encPayload: Buffer.from('p'), encIv: Buffer.from('iv') };
    const data = { payload: Buffer.from('p').toString('base64'), iv: Buffer.from('iv').toString('base64') };
    // Baileys has turned the key of a vote to our view, and that of an answer not.
    const vote = {
      pollCreationMessageKey: { ...target, fromMe: true },
      vote: sealed,
      senderTimestampMs: 1_699_999_999_500,
    };
    expect(changeOf({ pollUpdateMessage: vote })).toMatchObject({
      kind: 'sealed',
      data: { ...data, sealed: 'vote' },
      target: { waMessageId: 'T1', fromMe: true },
      waTimestamp: new Date(1_699_999_999_500),
    });
    const answer = { eventCreationMessageKey: { ...target, remoteJid: own.jid, fromMe: false }, ...sealed };
    expect(changeOf({ encEventResponseMessage: answer })).toMatchObject({
      kind: 'sealed',
      data: { ...data, sealed: 'answer' },
      target: { waMessageId: 'T1', fromMe: true },
      waTimestamp: new Date(1_700_000_000_000),
    });
  });

  it.each<[string, proto.IMessageKey, WAMessage['key'], boolean]>([
    ['its own', target, direct, false],
    ['ours, in a direct chat', { id: 'T1', remoteJid: own.jid, fromMe: false }, direct, true],
    ['ours, under our LID', { id: 'T1', remoteJid: own.lid, fromMe: false }, direct, true],
    [
      'that of a member, by an administrator of the group',
      { id: 'T1', fromMe: false, participant: '1666:3@s.whatsapp.net' },
      inGroup,
      false,
    ],
    ['ours, by an administrator of the group', { id: 'T1', fromMe: false, participant: own.lid }, inGroup, true],
    ['that of the other side, by our phone', { ...target, fromMe: false }, { ...direct, fromMe: true }, false],
    ['our own, by our phone', target, { ...direct, fromMe: true }, true],
  ])('%s', (_, key, envelope, isOurs) => {
    expect(changeOf(revoked(key), envelope)?.target).toEqual({ waMessageId: 'T1', fromMe: isOurs });
  });

  it.each<[string, boolean]>([
    ['theirs', false],
    ['ours', true],
  ])('a reaction to a message of %s: Baileys has turned its key to our view', (_, fromMe) => {
    const reactionMessage = { key: { id: 'T1', remoteJid: peer, fromMe }, text: '👍' };
    expect(changeOf({ reactionMessage })?.target.fromMe).toBe(fromMe);
  });
});

describe('what is no change', () => {
  it.each<[string, proto.IMessage, string]>([
    ['a protocol message of another type', { protocolMessage: { type: ProtocolType.EPHEMERAL_SETTING } }, 'nothing'],
    ['a revocation of no message', revoked({}), 'nothing'],
    ['an edit that says nothing, whose message must not be emptied', edited({}), 'message'],
    ['a vote without its ciphertext', { pollUpdateMessage: { pollCreationMessageKey: target } }, 'nothing'],
    ['a reaction to no message', { reactionMessage: { key: {}, text: '👍' } }, 'nothing'],
    ['a text that comes with a protocol message', { conversation: 'hi', ...revoked(target) }, 'message'],
  ])('%s', (_, message, as) => {
    expect(projectionOf(message).as).toBe(as);
  });
});

it.each(Object.keys(CHANGES) as ChangeName[])('the example of %s has its shape', (name) => {
  const { data, example } = CHANGES[name];
  expect(Value.Check(Type.Object(data, { additionalProperties: false }), example)).toBe(true);
});
