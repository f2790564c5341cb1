import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { type Static, type TObject, type TProperties, Type } from 'typebox';
import { unixSeconds } from '../../clock.ts';
import { SandboxError } from '../../errors.ts';
import { encryptMedia, type MediaKind, withOtherByte } from '../../signal/media-crypto.ts';
import { describeContext, type MediaReference, type MessageDescription } from '../description.ts';
import { publish } from '../media.ts';
import { type Composed, defineKind, type Given, type PhoneKind } from './kind.ts';
import { keyFor } from './references.ts';

const { AssociationType } = proto.MessageAssociation;

type FileMember =
  | 'imageMessage'
  | 'videoMessage'
  | 'ptvMessage'
  | 'audioMessage'
  | 'documentMessage'
  | 'stickerMessage';
type FileMessage = NonNullable<proto.IMessage[FileMember]>;

/** How the message may describe its file wrongly. */
const SPOILED = ['sha256', 'length', 'bytes', 'absent'] as const;
type Spoiled = (typeof SPOILED)[number];

const common = {
  data: Type.String({ description: 'The file, base64' }),
  mimetype: Type.Optional(Type.String()),
  thumbnail: Type.Optional(Type.String({ description: 'A small JPEG, base64' })),
  spoiled: Type.Optional(
    Type.Enum([...SPOILED], {
      description:
        'The message names another hash or length, the bytes on the media host were changed, or are not there at all',
    }),
  ),
};
const caption = Type.Optional(Type.String());
const seconds = Type.Optional(Type.Integer({ minimum: 0 }));
const pixels = Type.Optional(Type.Integer({ minimum: 1 }));
const viewOnce = Type.Optional(
  Type.Boolean({
    description: 'Can be opened once. Companions get the keys, as those of accounts with that setting do',
  }),
);
const album = Type.Optional(Type.String({ description: 'Id of the message of type `album` that it belongs to' }));

type Uploaded = Awaited<ReturnType<typeof upload>>;

interface FileKind<R extends TProperties> {
  type: string;
  mimetype: string;
  members: readonly FileMember[];
  /** Fields of the request beside the file itself. */
  request: R;
  /** How the file is encrypted, where the request decides it. */
  mediaKind: (request: Static<TObject<R>>) => MediaKind;
  /** The protobuf, and `mediatype` of the enc child. */
  message: (
    file: Uploaded,
    request: Static<TObject<R>>,
    given: Given,
  ) => { mediaType: string; message: proto.IMessage };
}

/** A kind whose messages carry a file: it is encrypted and stored on the media host. */
function fileKind<R extends TProperties>(kind: FileKind<R>): PhoneKind<typeof common & R> {
  const { type, mimetype, members, request, mediaKind, message } = kind;
  return defineKind<typeof common & R>({
    request: { ...common, ...request },
    async compose(asked, given): Promise<Composed> {
      const { data, mimetype: named, thumbnail, spoiled } = asked as Static<TObject<typeof common>>;
      const fields = asked as Static<TObject<R>>;
      const file = await upload(given, data, mediaKind(fields), { mimetype: named ?? mimetype, thumbnail, spoiled });
      return { ...message(file, fields, given), type: 'media' };
    },
    members,
    describe(received) {
      const file = members.map((member) => received[member]).find((found) => found !== null && found !== undefined);
      return file ? describeFile(type, file, file === received.ptvMessage) : null;
    },
  });
}

interface Announced {
  mimetype: string;
  thumbnail: string | undefined;
  spoiled: Spoiled | undefined;
}

async function upload(
  { phone, context }: Given,
  data: string,
  kind: MediaKind,
  { mimetype, thumbnail, spoiled }: Announced,
) {
  const plain = Buffer.from(data, 'base64');
  if (plain.length === 0)
    throw new SandboxError(400, 'EMPTY_FILE', 'Field `data` holds no file; put its base64 there.');
  const { enc, mediaKey, fileSha256, fileEncSha256, fileLength } = encryptMedia(plain, kind);
  const { url, directPath } = await publish(phone.deps, spoiled === 'bytes' ? withOtherByte(enc) : enc);
  const reference = {
    url,
    directPath:
      spoiled === 'absent'
        ? directPath.replace(/[\w-]{22}\?/, `${randomBytes(16).toString('base64url')}?`)
        : directPath,
    mediaKey,
    fileSha256: spoiled === 'sha256' ? randomBytes(32) : fileSha256,
    fileEncSha256,
    fileLength: spoiled === 'length' ? fileLength + 1 : fileLength,
  };
  const preview = thumbnail === undefined ? {} : { jpegThumbnail: Buffer.from(thumbnail, 'base64') };
  return { ...reference, mediaKeyTimestamp: unixSeconds(), mimetype, ...preview, ...context };
}

/** A message that can be opened once is in an envelope, and is marked itself. */
const inEnvelope = (message: proto.IMessage, once: boolean | undefined): proto.IMessage =>
  once ? { viewOnceMessageV2: { message } } : message;

/** Pictures and videos of an album name it beside their content. */
function ofAlbum({ phone, chat }: Given, id: string | undefined): proto.IMessage {
  if (id === undefined) return {};
  const parentMessageKey = keyFor(phone, chat, { target: id });
  return {
    messageContextInfo: { messageAssociation: { associationType: AssociationType.MEDIA_ALBUM, parentMessageKey } },
  };
}

export const image = fileKind({
  type: 'image',
  mimetype: 'image/jpeg',
  members: ['imageMessage'],
  request: { caption, width: pixels, height: pixels, viewOnce, album },
  mediaKind: () => 'image',
  message: (file, { caption: words = null, width = null, height = null, viewOnce: once, album: id }, given) => ({
    mediaType: 'image',
    message: {
      ...inEnvelope({ imageMessage: { ...file, caption: words, width, height, viewOnce: once ?? null } }, once),
      ...ofAlbum(given, id),
    },
  }),
});

export const video = fileKind({
  type: 'video',
  mimetype: 'video/mp4',
  members: ['videoMessage', 'ptvMessage'],
  request: {
    caption,
    seconds,
    width: pixels,
    height: pixels,
    gif: Type.Optional(Type.Boolean()),
    note: Type.Optional(Type.Boolean({ description: 'A video note: round' })),
    viewOnce,
    album,
  },
  mediaKind: () => 'video',
  message: (file, request, given) => {
    const { caption: words = null, seconds: duration = 0, width = null, height = null, gif = false } = request;
    const { note, viewOnce: once, album: id } = request;
    const part = { ...file, seconds: duration, width, height, viewOnce: once ?? null };
    const content = note ? { ptvMessage: part } : { videoMessage: { ...part, caption: words, gifPlayback: gif } };
    return {
      mediaType: note ? 'ptv' : gif ? 'gif' : 'video',
      message: { ...inEnvelope(content, once), ...ofAlbum(given, id) },
    };
  },
});

export const audio = fileKind({
  type: 'audio',
  mimetype: 'audio/ogg; codecs=opus',
  members: ['audioMessage'],
  request: {
    seconds,
    voice: Type.Optional(Type.Boolean({ description: 'A voice note' })),
    waveform: Type.Optional(Type.String({ description: 'Of a voice note: 64 bytes of 0 to 100, base64' })),
    viewOnce,
  },
  mediaKind: ({ voice }) => (voice ? 'ptt' : 'audio'),
  message: (file, { seconds: duration = 0, voice = false, waveform, viewOnce: once }) => {
    const wave = waveform === undefined ? null : Buffer.from(waveform, 'base64');
    const audioMessage = { ...file, seconds: duration, ptt: voice, waveform: wave, viewOnce: once ?? null };
    // Voice notes have an envelope of their own.
    const message = once ? { viewOnceMessageV2Extension: { message: { audioMessage } } } : { audioMessage };
    return { mediaType: voice ? 'ptt' : 'audio', message };
  },
});

export const document = fileKind({
  type: 'document',
  mimetype: 'application/octet-stream',
  members: ['documentMessage'],
  request: { fileName: Type.String({ minLength: 1 }), caption },
  mediaKind: () => 'document',
  message: (file, { fileName, caption: words = null }) => {
    const documentMessage = { ...file, fileName, title: fileName, caption: words };
    // Only a caption brings the envelope.
    const message =
      words === null ? { documentMessage } : { documentWithCaptionMessage: { message: { documentMessage } } };
    return { mediaType: 'document', message };
  },
});

export const sticker = fileKind({
  type: 'sticker',
  mimetype: 'image/webp',
  members: ['stickerMessage'],
  request: {
    width: pixels,
    height: pixels,
    animated: Type.Optional(Type.Boolean({ description: 'An animated WebP' })),
    lottie: Type.Optional(Type.Boolean({ description: 'A Lottie animation; its mimetype is application/was' })),
  },
  mediaKind: () => 'sticker',
  message: (file, { width = null, height = null, animated = false, lottie = false }) => {
    const stickerMessage = { ...file, width, height, isAnimated: animated || lottie, isLottie: lottie };
    const message = lottie ? { lottieStickerMessage: { message: { stickerMessage } } } : { stickerMessage };
    return { mediaType: 'sticker', message };
  },
});

const base64 = (value: Uint8Array | null | undefined) => Buffer.from(value ?? []).toString('base64');
/** protobufjs decodes 64-bit fields to Long objects. */
const number = (value: number | { toString(): string } | null | undefined): number => Number((value ?? 0).toString());

type AnyFile = proto.Message.IVideoMessage &
  proto.Message.IDocumentMessage &
  proto.Message.IAudioMessage &
  proto.Message.IStickerMessage;

function describeFile(type: string, file: FileMessage, isVideoNote: boolean): MessageDescription {
  const extra = file as AnyFile;
  const media: MediaReference = {
    mimetype: file.mimetype ?? null,
    path: file.directPath ?? pathOf(file.url),
    mediaKey: base64(file.mediaKey),
    fileSha256: base64(file.fileSha256),
    fileEncSha256: base64(file.fileEncSha256),
    bytes: number(file.fileLength),
  };
  if (extra.fileName) media.fileName = extra.fileName;
  if (extra.seconds) media.seconds = extra.seconds;
  if (extra.width) media.width = extra.width;
  if (extra.height) media.height = extra.height;
  if (extra.ptt) media.voice = true;
  if (extra.gifPlayback) media.gif = true;
  if (isVideoNote) media.videoNote = true;
  if (extra.viewOnce) media.viewOnce = true;
  if (extra.isAnimated) media.animated = true;
  if (extra.waveform?.length) media.waveform = base64(extra.waveform);
  if (extra.jpegThumbnail?.length) media.thumbnail = base64(extra.jpegThumbnail);
  return { type, text: extra.caption ?? null, media, details: describeContext(file.contextInfo) };
}

function pathOf(url: string | null | undefined): string {
  try {
    return url ? new URL(url).pathname : '';
  } catch {
    return '';
  }
}
