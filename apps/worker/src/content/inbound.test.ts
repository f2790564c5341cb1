import { describe, expect, it } from 'vitest';
import { proto, type WAMessage } from '../whatsapp/baileys.ts';
import { project } from './inbound.ts';

const own = { jid: '1000@s.whatsapp.net', lid: '77@lid' };
const received = (message: proto.IMessage, extra: Partial<WAMessage> = {}): WAMessage =>
  ({
    key: { remoteJid: '1555@s.whatsapp.net', remoteJidAlt: '99@lid', fromMe: false, id: 'ID1' },
    messageTimestamp: 1_700_000_000,
    pushName: 'Ann',
    message,
    ...extra,
  }) as WAMessage;
const readInbound = (message: WAMessage, who: typeof own) => {
  const projection = project(message, who);
  return projection.as === 'message' ? projection.message : null;
};
const contentOf = (message: proto.IMessage) => {
  const read = readInbound(received(message), own);
  return read && { type: read.type, text: read.text, content: read.content };
};

it('keeps who, where, when, and the chat in its other addressing', () => {
  expect(readInbound(received({ conversation: 'hi' }), own)).toEqual({
    waMessageId: 'ID1',
    chatJid: '1555@s.whatsapp.net',
    chatAltJid: '99@lid',
    fromJid: '1555@s.whatsapp.net',
    fromMe: false,
    senderName: 'Ann',
    type: 'text',
    text: 'hi',
    waTimestamp: new Date(1_700_000_000_000),
  });
});

it('names the member who wrote in a group, and the account itself for what its phone wrote', () => {
  const group = { remoteJid: '12-34@g.us', participant: '1666:3@s.whatsapp.net', fromMe: false, id: 'ID1' };
  expect(readInbound(received({ conversation: 'hi' }, { key: group }), own)?.fromJid).toBe('1666@s.whatsapp.net');
  const mine = { remoteJid: '1555@s.whatsapp.net', fromMe: true, id: 'ID1' };
  expect(readInbound(received({ conversation: 'hi' }, { key: mine }), own)).toMatchObject({
    fromMe: true,
    fromJid: own.jid,
    chatJid: '1555@s.whatsapp.net',
  });
});

it('a status update is of its author, and has no other name of its chat; one of the own phone is the account’s', () => {
  const status = { remoteJid: 'status@broadcast', remoteJidAlt: '1666@s.whatsapp.net', id: 'ID1' };
  const theirs = received({ conversation: 'hi' }, { key: { ...status, participant: '98@lid' } });
  const read = readInbound(theirs, own);
  expect(read).toMatchObject({ chatJid: 'status@broadcast', fromJid: '98@lid', fromMe: false });
  expect(read).not.toHaveProperty('chatAltJid');
  const mine = received({ conversation: 'hi' }, { key: { ...status, fromMe: false, participant: own.lid } });
  expect(readInbound(mine, own)).toMatchObject({ fromJid: own.jid, fromMe: true });
});

describe('kinds', () => {
  it.each<[string, proto.IMessage, object]>([
    ['text', { conversation: 'hi' }, { type: 'text', text: 'hi' }],
    [
      'longer text',
      { extendedTextMessage: { text: 'see https://example.test' } },
      { type: 'text', text: 'see https://example.test' },
    ],
    [
      'text of a disappearing chat',
      { ephemeralMessage: { message: { conversation: 'hi' } } },
      { type: 'text', text: 'hi' },
    ],
    [
      'picture with a caption',
      { imageMessage: { caption: 'look', mimetype: 'image/jpeg', fileLength: 12, width: 3, height: 4 } },
      { type: 'image', text: 'look', content: { mimetype: 'image/jpeg', size: 12, width: 3, height: 4 } },
    ],
    [
      'voice message',
      { audioMessage: { ptt: true, seconds: 5, mimetype: 'audio/ogg' } },
      { type: 'audio', content: { mimetype: 'audio/ogg', seconds: 5, voice: true } },
    ],
    [
      'document',
      { documentMessage: { fileName: 'a.pdf', mimetype: 'application/pdf' } },
      { type: 'document', content: { mimetype: 'application/pdf', fileName: 'a.pdf' } },
    ],
    [
      'video',
      { videoMessage: { seconds: 2, gifPlayback: true } },
      { type: 'video', content: { seconds: 2, gif: true } },
    ],
    [
      'sticker',
      { stickerMessage: { mimetype: 'image/webp' } },
      { type: 'sticker', content: { mimetype: 'image/webp' } },
    ],
    [
      'poll',
      {
        pollCreationMessageV3: {
          name: 'Lunch?',
          options: [{ optionName: 'A' }, { optionName: 'B' }],
          selectableOptionsCount: 1,
        },
      },
      { type: 'poll', text: 'Lunch?', content: { options: ['A', 'B'], selectableCount: 1 } },
    ],
    [
      'location',
      { locationMessage: { degreesLatitude: 1.5, degreesLongitude: 0, name: 'Here' } },
      { type: 'location', content: { latitude: 1.5, longitude: 0, name: 'Here' } },
    ],
    [
      'contact',
      { contactMessage: { displayName: 'Bob', vcard: 'BEGIN:VCARD' } },
      { type: 'contact', text: 'Bob', content: { contacts: [{ name: 'Bob', vcard: 'BEGIN:VCARD' }] } },
    ],
    [
      'several contacts',
      {
        contactsArrayMessage: {
          displayName: '2 contacts',
          contacts: [
            { displayName: 'Bob', vcard: 'BEGIN:VCARD' },
            { vcard: 'BEGIN:VCARD\nFN:Zoe\nTEL;waid=1555:+1 555\nEND:VCARD' },
          ],
        },
      },
      {
        type: 'contact',
        text: '2 contacts',
        content: {
          contacts: [
            { name: 'Bob', vcard: 'BEGIN:VCARD' },
            {
              name: 'Zoe',
              vcard: 'BEGIN:VCARD\nFN:Zoe\nTEL;waid=1555:+1 555\nEND:VCARD',
              phones: [{ number: '+1 555', waId: '1555' }],
            },
          ],
        },
      },
    ],
    [
      'a poll in its newer envelope',
      { pollCreationMessageV4: { message: { pollCreationMessageV3: { name: 'Q', options: [{ optionName: 'A' }] } } } },
      { type: 'poll', text: 'Q', content: { options: ['A'], selectableCount: 0 } },
    ],
    [
      'an event without a time',
      { eventMessage: { name: 'Dinner', isCanceled: true } },
      { type: 'event', text: 'Dinner', content: { canceled: true } },
    ],
    [
      'an answer of a native flow whose parameters are no JSON',
      {
        interactiveResponseMessage: {
          body: { text: 'Yes' },
          nativeFlowResponseMessage: { name: 'f', paramsJson: '{' },
        },
      },
      { type: 'buttonReply', text: 'Yes', content: { flow: 'f' } },
    ],
    [
      'a catalogue',
      { productMessage: { catalog: { title: 'Chairs' }, businessOwnerJid: '1555@s.whatsapp.net' } },
      { type: 'product', content: { title: 'Chairs', seller: '1555@s.whatsapp.net' } },
    ],
    [
      'a carousel',
      {
        interactiveMessage: {
          body: { text: 'Look' },
          carouselMessage: { cards: [{ header: { title: 'One' }, body: { text: 'first' } }] },
        },
      },
      { type: 'interactive', text: 'Look', content: { cards: [{ text: 'first', title: 'One' }] } },
    ],
    [
      'an answer that says nothing',
      { listResponseMessage: {} },
      { type: 'unknown', content: { kind: 'listResponseMessage' } },
    ],
    ['a form of a later protobuf', {}, { type: 'unknown', content: { kind: 'newer' } }],
    [
      'a kind that has no reader',
      { invoiceMessage: { note: '1' } },
      { type: 'unknown', content: { kind: 'invoiceMessage' } },
    ],
    ['a text without words', { conversation: '' }, { type: 'unknown', content: { kind: 'conversation' } }],
    [
      'a text in an envelope that Baileys leaves on',
      { groupMentionedMessage: { message: { conversation: 'hi' } } },
      { type: 'text', text: 'hi' },
    ],
    [
      'an edit to a form that has no reader',
      {
        protocolMessage: {
          type: proto.Message.ProtocolMessage.Type.MESSAGE_EDIT,
          key: { id: 'ID0' },
          editedMessage: { invoiceMessage: { note: '1' } },
        },
      },
      { type: 'unknown', content: { kind: 'editedMessage', targetWaMessageId: 'ID0' } },
    ],
    [
      'an encrypted edit of an event',
      { secretEncryptedMessage: { secretEncType: 1, targetMessageKey: { id: 'ID0' } } },
      { type: 'unknown', content: { kind: 'secretEncryptedMessage' } },
    ],
  ])('%s', (_, message, expected) => {
    expect(contentOf(proto.Message.fromObject(message))).toEqual({ text: undefined, content: undefined, ...expected });
  });
});

describe('what is no message to the user', () => {
  it.each<[string, WAMessage]>([
    ['nothing inside', received({}, { message: null })],
    ['keys for a group alone', received({ senderKeyDistributionMessage: { groupId: 'g' } })],
    ['a protocol message', received({ protocolMessage: { type: proto.Message.ProtocolMessage.Type.REVOKE } })],
    ['a vote without its poll', received({ pollUpdateMessage: {} })],
    ['a message between own devices', received({ conversation: 'x' }, { category: 'peer' } as Partial<WAMessage>)],
    ['a notice of a group', received({}, { messageStubType: proto.WebMessageInfo.StubType.GROUP_CREATE })],
  ])('%s', (_, message) => {
    expect(readInbound(message, own)).toBeNull();
  });
});

it('a view-once message that only the phone gets is shown as such, and not lost', () => {
  const key = { remoteJid: '1555@s.whatsapp.net', fromMe: false, id: 'ID1', isViewOnce: true };
  const read = readInbound(received({}, { key, message: null }), own);
  expect(read).toMatchObject({ type: 'unknown', content: { kind: 'viewOnce' } });
});

it('keeps the secret that later changes are encrypted with', () => {
  const messageSecret = Buffer.alloc(32, 9);
  expect(readInbound(received({ conversation: 'x', messageContextInfo: { messageSecret } }), own)?.secret).toEqual(
    messageSecret,
  );
});

describe('what could not be decrypted (I5)', () => {
  const undecrypted = { messageStubType: proto.WebMessageInfo.StubType.CIPHERTEXT };

  it('is a stub, with or without the sender key that came along', () => {
    const expected = { isStub: true, type: 'unknown', content: { kind: 'undecryptable' } };
    expect(readInbound(received({}, { ...undecrypted, message: null }), own)).toMatchObject(expected);
    const withKey = received({ senderKeyDistributionMessage: { groupId: 'g' } }, undecrypted);
    expect(readInbound(withKey, own)).toMatchObject(expected);
  });

  it.each([
    ['a reaction, whose sender hides it then', { isHidden: true }],
    ['an edit', { edit: '1' }],
    ['a deletion', { edit: '7' }],
  ])('is nothing when it is %s', (_, stanza) => {
    expect(project(received({}, { ...undecrypted, message: null }), own, stanza)).toEqual({ as: 'nothing' });
  });

  it('is none when a part of it says what it says', () => {
    const read = readInbound(received({ conversation: 'x' }, undecrypted), own);
    expect(read).toMatchObject({ type: 'text', text: 'x' });
    expect(read).not.toHaveProperty('isStub');
  });
});

it('replaces NUL, which PostgreSQL cannot store', () => {
  expect(contentOf({ conversation: 'a\u0000b' })?.text).toBe('a\uFFFDb');
  expect(contentOf({ contactMessage: { displayName: 'x', vcard: 'a\u0000' } })?.content).toEqual({
    contacts: [{ name: 'x', vcard: 'a\uFFFD' }],
  });
});
