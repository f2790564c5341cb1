import { describe, expect, it } from 'vitest';
import { proto, type WAMessage } from '../whatsapp/baileys.ts';
import { type ChatFacts, readContext, withContext } from './context.ts';
import { readTimers } from './timers.ts';

const ANN = { pn: '1555@s.whatsapp.net', lid: '99@lid' };
const { EPHEMERAL_SETTING } = proto.Message.ProtocolMessage.Type;
const text = (contextInfo: proto.IContextInfo): proto.IMessage => ({ extendedTextMessage: { text: 'x', contextInfo } });
const read = (message: proto.IMessage) => readContext(proto.Message.decode(proto.Message.encode(message).finish()));

describe('the context of a message that comes', () => {
  it.each<[string, proto.IMessage, object | undefined]>([
    ['none', { conversation: 'x' }, undefined],
    [
      'a quote',
      text({ stanzaId: 'Q1', participant: '1555:3@s.whatsapp.net', quotedMessage: { conversation: 'q'.repeat(400) } }),
      { replyTo: { waMessageId: 'Q1', from: ANN.pn, type: 'text', text: 'q'.repeat(300) } },
    ],
    [
      'a quote of another chat, of a picture',
      text({ stanzaId: 'Q1', remoteJid: '12-34@g.us', quotedMessage: { imageMessage: { caption: 'c' } } }),
      { replyTo: { waMessageId: 'Q1', chat: '12-34@g.us', type: 'image', text: 'c' } },
    ],
    ['mentions', text({ mentionedJid: ['99:1@lid'], nonJidMentions: 1 }), { mentions: ['99@lid'], mentionsAll: true }],
    ['a forward', text({ isForwarded: true }), { forwardedCount: 1 }],
    ['a forward of forwards', text({ isForwarded: true, forwardingScore: 5 }), { forwardedCount: 5 }],
    ['a timer', { ephemeralMessage: { message: text({ expiration: 86_400 }) } }, { expiresInSeconds: 86_400 }],
    ['view once, by its envelope', { viewOnceMessageV2: { message: { imageMessage: {} } } }, { viewOnce: true }],
    ['view once, by its mark', { imageMessage: { viewOnce: true } }, { viewOnce: true }],
    [
      'an ad',
      text({ externalAdReply: { sourceType: 'ad', sourceId: '7', title: 'Shoes', ctwaClid: 'c1' } }),
      { referral: { sourceType: 'ad', sourceId: '7', headline: 'Shoes', ctwaClid: 'c1' } },
    ],
    ['a preview of a link, which is no ad', text({ externalAdReply: { title: 'Page' } }), undefined],
  ])('%s', (_, message, expected) => {
    expect(read(message)).toEqual(expected);
  });
});

describe('the context of a message that goes out', () => {
  const facts: ChatFacts = {
    own: '77@lid',
    nameOf: (jid) => (jid === ANN.pn ? ANN.lid : jid),
    expiresInSeconds: 0,
  };
  const plain = { conversation: 'hi @1555', messageContextInfo: { messageSecret: Buffer.alloc(32) } };
  const quoted = { messageId: 'm', waMessageId: 'Q1', chatJid: 'c', fromJid: ANN.pn, type: 'text', text: 'said' };

  it('is the message itself, where there is nothing to put into it', () => {
    expect(withContext(plain, undefined, 'c', facts)).toBe(plain);
  });

  it('names people as the chat does, in the text as well', () => {
    expect(withContext(plain, { quoted, mentions: [ANN.pn] }, 'c', facts)).toEqual({
      extendedTextMessage: {
        text: 'hi @99',
        contextInfo: {
          stanzaId: 'Q1',
          participant: ANN.lid,
          quotedMessage: { conversation: 'said' },
          mentionedJid: [ANN.lid],
        },
      },
      messageContextInfo: plain.messageContextInfo,
    });
  });

  it('quotes the account itself by its own name, a file as a file, and says where a message of another chat is', () => {
    const ours = { ...quoted, fromJid: null, type: 'image', text: null, chatJid: '12-34@g.us' };
    expect(withContext(plain, { quoted: ours }, 'c', facts).extendedTextMessage?.contextInfo).toEqual({
      stanzaId: 'Q1',
      participant: facts.own,
      remoteJid: '12-34@g.us',
      quotedMessage: { imageMessage: { caption: null } },
    });
  });

  it('puts the timer into whatever kind of message it is', () => {
    const place = { locationMessage: { degreesLatitude: 1 }, messageContextInfo: plain.messageContextInfo };
    expect(withContext(place, undefined, 'c', { ...facts, expiresInSeconds: 60 })).toEqual({
      ...place,
      locationMessage: { degreesLatitude: 1, contextInfo: { expiration: 60 } },
    });
  });
});

describe('the timer of a chat', () => {
  const at = 1_700_000_000;
  const received = (message: proto.IMessage, remoteJid = ANN.pn): WAMessage =>
    ({ key: { remoteJid, remoteJidAlt: ANN.lid, id: 'T' }, message, messageTimestamp: at }) as WAMessage;
  const setting = (ephemeralExpiration: number): proto.IMessage => ({
    protocolMessage: { type: EPHEMERAL_SETTING, ephemeralExpiration },
  });

  it('is set by a setting, off too, under both names of the chat', () => {
    const timer = { seconds: 60, setAt: new Date(at * 1000) };
    expect(readTimers(received(setting(60)))).toEqual([
      { chatJid: ANN.pn, ...timer },
      { chatJid: ANN.lid, ...timer },
    ]);
    expect(readTimers(received(setting(0)))[0]).toMatchObject({ seconds: 0 });
  });

  it('is shown by messages, whose own time is no time of the timer', () => {
    expect(readTimers(received(text({ expiration: 60 })))[0]).toMatchObject({ seconds: 60, setAt: new Date(0) });
    const dated = text({ expiration: 60, ephemeralSettingTimestamp: at });
    expect(readTimers(received(dated))[0]).toMatchObject({ setAt: new Date(at * 1000) });
    expect(readTimers(received({ conversation: 'x' }))).toEqual([]);
  });

  it('of a group is none of these: the group itself has it', () => {
    expect(readTimers(received(setting(60), '12-34@g.us'))).toEqual([]);
  });
});
