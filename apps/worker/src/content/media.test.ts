import { expect, it } from 'vitest';
import { proto } from '../whatsapp/baileys.ts';
import { readContext } from './context.ts';
import { readFile } from './media.ts';
import { readContent, unwrap } from './read-content.ts';

const KEY = Buffer.alloc(32, 1);
const HASH = Buffer.alloc(32, 2);
const PLACE = { url: 'https://mmg.whatsapp.net/v/x?a=1', directPath: '/v/x?a=1', mediaKey: KEY, fileSha256: HASH };
const read = (message: proto.IMessage) => {
  const inner = unwrap(proto.Message.fromObject(message));
  const { type, content, text } = readContent(inner)!;
  return { type, content, text, file: readFile(type, inner) };
};

it('tells where a file is and how it is opened, and what its sender says of it', () => {
  const thumbnail = Buffer.from('a small JPEG');
  const file = { ...PLACE, mimetype: 'image/jpeg', fileLength: 5, width: 3, height: 4, jpegThumbnail: thumbnail };
  expect(read({ imageMessage: { ...file, fileEncSha256: HASH, mediaKeyTimestamp: 1_700_000_000 } }).file).toEqual({
    mimetype: 'image/jpeg',
    size: 5,
    fileName: undefined,
    facts: { width: 3, height: 4, thumbnail: thumbnail.toString('base64') },
    reference: {
      mediaType: 'image',
      url: PLACE.url,
      directPath: PLACE.directPath,
      mediaKey: KEY.toString('base64'),
      fileSha256: HASH.toString('base64'),
      fileEncSha256: HASH.toString('base64'),
      fileLength: 5,
      mediaKeyTimestamp: 1_700_000_000,
    },
  });
});

it.each<[string, proto.IMessage, object, object]>([
  [
    'a video note',
    { ptvMessage: { ...PLACE, seconds: 7 } },
    { type: 'video', content: { seconds: 7, videoNote: true } },
    { facts: { seconds: 7 }, reference: { mediaType: 'ptv' } },
  ],
  [
    'a GIF',
    { videoMessage: { ...PLACE, gifPlayback: true } },
    { type: 'video', content: { gif: true } },
    { reference: { mediaType: 'gif' } },
  ],
  [
    'a voice note with its waveform',
    { audioMessage: { ...PLACE, ptt: true, seconds: 2, waveform: Buffer.from([0, 50, 100]) } },
    { type: 'audio', content: { voice: true, seconds: 2 } },
    { facts: { seconds: 2, waveform: Buffer.from([0, 50, 100]).toString('base64') }, reference: { mediaType: 'ptt' } },
  ],
  [
    'an animated sticker',
    { stickerMessage: { ...PLACE, isAnimated: true, mimetype: 'image/webp' } },
    { type: 'sticker', content: { animated: true, mimetype: 'image/webp' } },
    { facts: { animated: true }, reference: { mediaType: 'sticker' } },
  ],
  [
    'a Lottie sticker, in its envelope',
    { lottieStickerMessage: { message: { stickerMessage: { ...PLACE, isLottie: true } } } },
    { type: 'sticker', content: { animated: true, lottie: true } },
    { facts: { animated: true }, reference: { mediaType: 'sticker' } },
  ],
  [
    'a document with a caption',
    { documentWithCaptionMessage: { message: { documentMessage: { ...PLACE, fileName: 'a.pdf', caption: 'look' } } } },
    { type: 'document', text: 'look', content: { fileName: 'a.pdf' } },
    { fileName: 'a.pdf', reference: { mediaType: 'document' } },
  ],
])('%s', (_, message, content, file) => {
  const found = read(message);
  expect(found).toMatchObject(content);
  expect(found.file).toMatchObject(file);
});

it('a file without keys cannot be fetched, and is a message all the same', () => {
  const { type, file } = read({ imageMessage: { mimetype: 'image/jpeg', url: PLACE.url } });
  expect(type).toBe('image');
  expect(file).toMatchObject({ mimetype: 'image/jpeg' });
  expect(file?.reference).toBeUndefined();
  expect(read({ imageMessage: { ...PLACE, mediaKey: Buffer.alloc(5) } }).file?.reference).toBeUndefined();
});

it('leaves out what every event would have to carry: a preview that is no small one', () => {
  expect(read({ imageMessage: { ...PLACE, jpegThumbnail: Buffer.alloc(100_000) } }).file?.facts).toEqual({});
});

it('what can be opened once keeps its keys, in every envelope', () => {
  const image: proto.IMessage = { imageMessage: { ...PLACE, viewOnce: true } };
  for (const envelope of ['viewOnceMessage', 'viewOnceMessageV2', 'viewOnceMessageV2Extension'] as const) {
    expect(read({ [envelope]: { message: image } }).file?.reference?.mediaKey).toBe(KEY.toString('base64'));
    expect(readContext({ [envelope]: { message: image } })).toMatchObject({ viewOnce: true });
  }
});

it('an album is a message, and its pictures name it', () => {
  expect(read({ albumMessage: { expectedImageCount: 2, expectedVideoCount: 1 } })).toMatchObject({
    type: 'album',
    content: { images: 2, videos: 1 },
    file: null,
  });
  const messageContextInfo = { messageAssociation: { associationType: 1, parentMessageKey: { id: 'ALBUM' } } };
  expect(readContext({ imageMessage: PLACE, messageContextInfo })).toEqual({ album: { waMessageId: 'ALBUM' } });
});

it('the file of a channel has no key and needs none, when its message tells its hash; elsewhere it cannot be fetched', () => {
  const { mediaKey: _, ...plain } = PLACE;
  const ofChannel = (message: proto.IMessage) => readFile('image', proto.Message.fromObject(message), true)?.reference;
  expect(ofChannel({ imageMessage: plain })).toEqual({
    mediaType: 'image',
    url: PLACE.url,
    directPath: PLACE.directPath,
    fileSha256: HASH.toString('base64'),
  });
  expect(ofChannel({ imageMessage: { ...plain, fileSha256: null } })).toBeUndefined();
  expect(read({ imageMessage: plain }).file?.reference).toBeUndefined();
});
