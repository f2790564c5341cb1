import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type BinaryNode, proto } from './baileys.ts';
import { mediaRetryReceipt, openMediaRetryAnswer, readMediaRetryAnswer } from './media-retry.ts';

const MEDIA_KEY = Buffer.alloc(32, 8);
const RETRY_KEY = Buffer.from(hkdfSync('sha256', MEDIA_KEY, Buffer.alloc(32), 'WhatsApp Media Retry Notification', 32));
const LOST = { waMessageId: 'ID1', chatJid: '12-34@g.us', fromMe: false, participant: '1555@lid', mediaKey: MEDIA_KEY };
const { ResultType } = proto.MediaRetryNotification;

/** As a phone answers. */
function answer(content: BinaryNode[], id = 'ID1'): BinaryNode {
  const rmr = { tag: 'rmr', attrs: { jid: LOST.chatJid, from_me: 'false', participant: '1555@lid' } };
  return {
    tag: 'notification',
    attrs: { id, from: '1000@s.whatsapp.net', type: 'mediaretry' },
    content: [...content, rmr],
  };
}
function sealed(said: proto.IMediaRetryNotification, key = RETRY_KEY): BinaryNode {
  const iv = Buffer.alloc(12, 3);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from('ID1'));
  const plain = proto.MediaRetryNotification.encode(said).finish();
  const bytes = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return {
    tag: 'encrypt',
    attrs: {},
    content: [
      { tag: 'enc_p', attrs: {}, content: bytes },
      { tag: 'enc_iv', attrs: {}, content: iv },
    ],
  };
}
const opened = (node: BinaryNode) => openMediaRetryAnswer(readMediaRetryAnswer(node)!, MEDIA_KEY);

it('asks the own phone for the file of one message, sealed with its key (MR-060)', () => {
  const { attrs, content } = mediaRetryReceipt(LOST, '1000:7@s.whatsapp.net');
  expect(attrs).toEqual({ id: 'ID1', to: '1000@s.whatsapp.net', type: 'server-error' });
  const [encrypt, rmr] = content as BinaryNode[];
  expect(rmr).toEqual({ tag: 'rmr', attrs: { jid: '12-34@g.us', from_me: 'false', participant: '1555@lid' } });
  const [bytes, iv] = (encrypt!.content as BinaryNode[]).map((part) => part.content as Buffer);
  const decipher = createDecipheriv('aes-256-gcm', RETRY_KEY, iv!).setAAD(Buffer.from('ID1'));
  decipher.setAuthTag(bytes!.subarray(-16));
  const plain = Buffer.concat([decipher.update(bytes!.subarray(0, -16)), decipher.final()]);
  expect(proto.ServerErrorReceipt.decode(plain).stanzaId).toBe('ID1');
});

it('reads the new place of the file, and of which message it is', () => {
  const node = answer([sealed({ stanzaId: 'ID1', directPath: '/v/new', result: ResultType.SUCCESS })]);
  expect(readMediaRetryAnswer(node)).toMatchObject({ waMessageId: 'ID1', chatJid: '12-34@g.us', fromMe: false });
  expect(opened(node)).toEqual({ directPath: '/v/new' });
});

describe('is a refusal', () => {
  it.each<[string, BinaryNode, RegExp]>([
    [
      'an error that the phone names',
      answer([{ tag: 'error', attrs: { code: '2' } }]),
      /does not have the file any more/,
    ],
    ['the error 0, which rc14 has no status for', answer([{ tag: 'error', attrs: { code: '0' } }]), /could not upload/],
    ['a code that nobody knows', answer([{ tag: 'error', attrs: { code: '77' } }]), /refused it \(77\)/],
    ['a sealed refusal', answer([sealed({ stanzaId: 'ID1', result: ResultType.NOT_FOUND })]), /any more/],
    ['a success without a place', answer([sealed({ stanzaId: 'ID1', result: ResultType.SUCCESS })]), /refused/],
    ['no result at all', answer([sealed({ stanzaId: 'ID1', directPath: '/v/x' })]), /could not upload/],
    [
      'what is sealed with another key',
      answer([sealed({ stanzaId: 'ID1', directPath: '/v/x', result: ResultType.SUCCESS }, Buffer.alloc(32))]),
      /cannot be read/,
    ],
    [
      'the answer for another message',
      answer([sealed({ stanzaId: 'ID2', directPath: '/v/x', result: ResultType.SUCCESS })]),
      /cannot be read/,
    ],
    ['an empty answer', answer([]), /cannot be read/],
  ])('%s', (_, node, refusal) => {
    expect(opened(node)).toEqual({ refusal: expect.stringMatching(refusal) });
  });
});

it('other notifications are none of it', () => {
  expect(readMediaRetryAnswer({ tag: 'notification', attrs: { id: '1', type: 'picture' } })).toBeNull();
  expect(readMediaRetryAnswer({ tag: 'notification', attrs: { type: 'mediaretry' } })).toBeNull();
});
