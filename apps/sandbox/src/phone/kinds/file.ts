import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { type Static, type TObject, type TProperties, Type } from 'typebox';
import { unixSeconds } from '../../clock.ts';
import { SandboxError } from '../../errors.ts';
import { encryptMedia, type MediaKind } from '../../signal/media-crypto.ts';
import { describeContext, type MediaReference, type MessageDescription } from '../description.ts';
import { publish } from '../media.ts';
import { type Composed, defineKind, type Given, type PhoneKind } from './kind.ts';

type FileMember =
  | 'imageMessage'
  | 'videoMessage'
  | 'ptvMessage'
  | 'audioMessage'
  | 'documentMessage'
  | 'stickerMessage';
type FileMessage = NonNullable<proto.IMessage[FileMember]>;

const common = {
  data: Type.String({ description: 'The file, base64' }),
  mimetype: Type.Optional(Type.String()),
};
const caption = Type.Optional(Type.String());
const seconds = Type.Optional(Type.Integer({ minimum: 0 }));

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
  message: (file: Uploaded, request: Static<TObject<R>>) => { mediaType: string; message: proto.IMessage };
}

/** A kind whose messages carry a file: it is encrypted and stored on the media host. */
function fileKind<R extends TProperties>(kind: FileKind<R>): PhoneKind<typeof common & R> {
  const { type, mimetype, members, request, mediaKind, message } = kind;
  return defineKind<typeof common & R>({
    request: { ...common, ...request },
    async compose(asked, given): Promise<Composed> {
      const { data, mimetype: named } = asked as Static<TObject<typeof common>>;
      const fields = asked as Static<TObject<R>>;
      const file = await upload(given, data, mediaKind(fields), named ?? mimetype);
      return { ...message(file, fields), type: 'media' };
    },
    members,
    describe(received) {
      const file = members.map((member) => received[member]).find((found) => found !== null && found !== undefined);
      return file ? describeFile(type, file, file === received.ptvMessage) : null;
    },
  });
}

async function upload({ phone, context }: Given, data: string, kind: MediaKind, mimetype: string) {
  const plain = Buffer.from(data, 'base64');
  if (plain.length === 0)
    throw new SandboxError(400, 'EMPTY_FILE', 'Field `data` holds no file; put its base64 there.');
  const { enc, mediaKey, fileSha256, fileEncSha256, fileLength } = encryptMedia(plain, kind);
  const { url, directPath } = await publish(phone.deps, enc);
  const reference = { url, directPath, mediaKey, fileSha256, fileEncSha256, fileLength };
  return { ...reference, mediaKeyTimestamp: unixSeconds(), mimetype, ...context };
}

export const image = fileKind({
  type: 'image',
  mimetype: 'image/jpeg',
  members: ['imageMessage'],
  request: { caption },
  mediaKind: () => 'image',
  message: (file, request) => ({
    mediaType: 'image',
    message: { imageMessage: { ...file, caption: request.caption ?? null } },
  }),
});

export const video = fileKind({
  type: 'video',
  mimetype: 'video/mp4',
  members: ['videoMessage', 'ptvMessage'],
  request: { caption, seconds, gif: Type.Optional(Type.Boolean()) },
  mediaKind: () => 'video',
  message: (file, request) => ({
    mediaType: request.gif ? 'gif' : 'video',
    message: {
      videoMessage: {
        ...file,
        caption: request.caption ?? null,
        seconds: request.seconds ?? 0,
        gifPlayback: request.gif ?? false,
      },
    },
  }),
});

export const audio = fileKind({
  type: 'audio',
  mimetype: 'audio/ogg; codecs=opus',
  members: ['audioMessage'],
  request: { seconds, voice: Type.Optional(Type.Boolean({ description: 'A voice note' })) },
  mediaKind: ({ voice }) => (voice ? 'ptt' : 'audio'),
  message: (file, request) => ({
    mediaType: request.voice ? 'ptt' : 'audio',
    message: { audioMessage: { ...file, seconds: request.seconds ?? 0, ptt: request.voice ?? false } },
  }),
});

export const document = fileKind({
  type: 'document',
  mimetype: 'application/octet-stream',
  members: ['documentMessage'],
  request: { fileName: Type.String({ minLength: 1 }), caption },
  mediaKind: () => 'document',
  message: (file, { fileName, caption: words = null }) => ({
    mediaType: 'document',
    message: { documentMessage: { ...file, fileName, title: fileName, caption: words } },
  }),
});

export const sticker = fileKind({
  type: 'sticker',
  mimetype: 'image/webp',
  members: ['stickerMessage'],
  request: {},
  mediaKind: () => 'sticker',
  message: (file) => ({ mediaType: 'sticker', message: { stickerMessage: file } }),
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
