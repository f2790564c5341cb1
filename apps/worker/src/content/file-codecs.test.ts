import type { OutboundRequest } from '@wa-gate/contracts';
import { describe, expect, it } from 'vitest';
import { FILE, UPLOADED } from '../testing/files.ts';
import type { ChatFacts } from './context.ts';
import { withContext } from './context.ts';
import { buildMessage, decodeMessage, encodeMessage, OUTBOUND_CONTENT } from './outbound.ts';

const secret = Buffer.alloc(32, 1);
const media = FILE;
/** Through the wire format, so that what is no field of the protobuf shows. */
const built = (request: OutboundRequest) => decodeMessage(encodeMessage(buildMessage(request, secret, UPLOADED)));
const numbers = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const ADDRESS = {
  url: UPLOADED.url,
  directPath: UPLOADED.directPath,
  mediaKey: UPLOADED.mediaKey.toString('base64'),
  fileSha256: UPLOADED.fileSha256.toString('base64'),
  fileEncSha256: UPLOADED.fileEncSha256.toString('base64'),
  fileLength: '70000',
  mediaKeyTimestamp: '1790000000',
  mimetype: 'video/mp4',
};
const SIZE = { width: 640, height: 480 };
const { thumbnail: jpegThumbnail, waveform } = FILE;
const streamingSidecar = UPLOADED.sidecar!.toString('base64');

describe('everything that phones show beside the bytes is in the message (MR-011)', () => {
  it.each<[string, OutboundRequest, object]>([
    [
      'a picture',
      { type: 'image', media, caption: 'hi' },
      { imageMessage: { ...ADDRESS, ...SIZE, jpegThumbnail, caption: 'hi' } },
    ],
    [
      'a video',
      { type: 'video', media, caption: 'hi' },
      { videoMessage: { ...ADDRESS, ...SIZE, jpegThumbnail, streamingSidecar, seconds: 3, caption: 'hi' } },
    ],
    [
      'a GIF',
      { type: 'video', media, gif: true },
      { videoMessage: { ...ADDRESS, ...SIZE, jpegThumbnail, streamingSidecar, seconds: 3, gifPlayback: true } },
    ],
    [
      'a video note',
      { type: 'video', media, videoNote: true },
      { ptvMessage: { ...ADDRESS, ...SIZE, jpegThumbnail, streamingSidecar, seconds: 3 } },
    ],
    [
      'a voice note',
      { type: 'audio', media, voice: true },
      { audioMessage: { ...ADDRESS, streamingSidecar, waveform, seconds: 3, ptt: true } },
    ],
    [
      'a sound file, which has no waveform',
      { type: 'audio', media },
      { audioMessage: { ...ADDRESS, streamingSidecar, seconds: 3, ptt: false } },
    ],
    [
      'a document, under the name of its file',
      { type: 'document', media },
      { documentMessage: { ...ADDRESS, jpegThumbnail, fileName: 'report.pdf', title: 'report.pdf' } },
    ],
    [
      'a document with a caption, in the envelope for it',
      { type: 'document', media, fileName: 'b.pdf', caption: 'hi' },
      {
        documentWithCaptionMessage: {
          message: { documentMessage: { ...ADDRESS, jpegThumbnail, fileName: 'b.pdf', title: 'b.pdf', caption: 'hi' } },
        },
      },
    ],
    ['a sticker that moves', { type: 'sticker', media }, { stickerMessage: { ...ADDRESS, ...SIZE, isAnimated: true } }],
    [
      'a picture to be seen once',
      { type: 'image', media, viewOnce: true },
      {
        viewOnceMessageV2: { message: { imageMessage: { ...ADDRESS, ...SIZE, jpegThumbnail, viewOnce: true } } },
      },
    ],
    [
      'a voice note to be heard once',
      { type: 'audio', media, voice: true, viewOnce: true },
      {
        viewOnceMessageV2Extension: {
          message: {
            audioMessage: { ...ADDRESS, streamingSidecar, waveform, seconds: 3, ptt: true, viewOnce: true },
          },
        },
      },
    ],
  ])('%s', (_, request, expected) => {
    const { messageContextInfo, ...rest } = numbers(built(request)) as Record<string, unknown>;
    expect(rest).toEqual(expected);
    expect(messageContextInfo).toEqual({ messageSecret: secret.toString('base64') });
  });

  it('no kind is built before its file is there, and its bytes are stored before they are sent (I8)', () => {
    for (const type of ['image', 'video', 'audio', 'document', 'sticker'] as const) {
      expect(() => buildMessage({ type, media }, secret)).toThrow('built after its upload');
      expect(OUTBOUND_CONTENT.isReproducible({ type, media })).toBe(false);
      expect(OUTBOUND_CONTENT.upload({ type, media })?.file).toBe(media);
    }
  });

  it.each<[OutboundRequest, string]>([
    [{ type: 'image', media }, 'image'],
    [{ type: 'video', media }, 'video'],
    [{ type: 'video', media, gif: true }, 'gif'],
    [{ type: 'video', media, videoNote: true }, 'ptv'],
    [{ type: 'audio', media }, 'audio'],
    [{ type: 'audio', media, voice: true }, 'ptt'],
    [{ type: 'document', media }, 'document'],
    [{ type: 'sticker', media }, 'sticker'],
  ])('%j is encrypted as %s', (request, mediaType) => {
    expect(OUTBOUND_CONTENT.upload(request)?.mediaType).toBe(mediaType);
  });
});

describe('the context of a file (MR-011)', () => {
  const facts: ChatFacts = {
    own: '1@s.whatsapp.net',
    nameOf: (jid) => (jid === '77@s.whatsapp.net' ? '99@lid' : jid),
    expiresInSeconds: 86_400,
  };
  const context = { mentions: ['77@s.whatsapp.net'] };
  const contextInfo = { mentionedJid: ['99@lid'], expiration: 86_400 };

  it('is in the file itself, and a mention in its caption has the digits of the chat', () => {
    const plain = built({ type: 'image', media, caption: 'look @77' });
    const { imageMessage } = withContext(plain, context, 'g@g.us', facts);
    expect(imageMessage).toMatchObject({ caption: 'look @99', contextInfo });
  });

  it.each<[string, OutboundRequest]>([
    ['viewOnceMessageV2', { type: 'image', media, caption: 'look @77', viewOnce: true }],
    ['documentWithCaptionMessage', { type: 'document', media, caption: 'look @77' }],
  ])('is inside the envelope %s', (envelope, request) => {
    const inContext = withContext(built(request), context, 'g@g.us', facts) as Record<string, { message?: object }>;
    expect(Object.keys(inContext[envelope]!)).toEqual(['message']);
    const [file] = Object.values(inContext[envelope]!.message as object);
    expect(file).toMatchObject({ caption: 'look @99', contextInfo });
    expect(inContext.messageContextInfo).toMatchObject({ messageSecret: secret });
  });
});
