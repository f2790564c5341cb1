import type { FileType } from '@wa-gate/contracts';
import type { WhatsAppFile } from '@wa-gate/messaging';
import type { MediaType } from '../media/media-type.ts';
import type { proto } from '../whatsapp/baileys.ts';
import type { Reader } from './codec.ts';
import { present, toNumber } from './fields.ts';

interface MediaFields {
  url?: string | null;
  directPath?: string | null;
  mediaKey?: Uint8Array | null;
  mediaKeyTimestamp?: unknown;
  fileSha256?: Uint8Array | null;
  fileEncSha256?: Uint8Array | null;
  caption?: string | null;
  mimetype?: string | null;
  fileLength?: unknown;
  fileName?: string | null;
  title?: string | null;
  seconds?: number | null;
  ptt?: boolean | null;
  gifPlayback?: boolean | null;
  width?: number | null;
  height?: number | null;
  isAnimated?: boolean | null;
  isLottie?: boolean | null;
  waveform?: Uint8Array | null;
  jpegThumbnail?: Uint8Array | null;
}

type FileMember =
  | 'imageMessage'
  | 'videoMessage'
  | 'ptvMessage'
  | 'audioMessage'
  | 'documentMessage'
  | 'stickerMessage';

const MEMBERS: Readonly<Record<FileType, readonly FileMember[]>> = {
  image: ['imageMessage'],
  video: ['videoMessage', 'ptvMessage'],
  audio: ['audioMessage'],
  document: ['documentMessage'],
  sticker: ['stickerMessage'],
};

const partOf = (message: proto.IMessage, members: readonly FileMember[]): MediaFields | undefined =>
  members.map((member) => message[member] as MediaFields | null | undefined).find(Boolean) ?? undefined;

const describe = (media: MediaFields, isVideoNote: boolean) => ({
  ...(media.caption ? { text: media.caption } : {}),
  content: present({
    mimetype: media.mimetype,
    size: toNumber(media.fileLength),
    fileName: media.fileName ?? media.title,
    seconds: media.seconds,
    voice: media.ptt || undefined,
    gif: media.gifPlayback || undefined,
    videoNote: isVideoNote || undefined,
    animated: media.isAnimated || media.isLottie || undefined,
    lottie: media.isLottie || undefined,
    width: media.width,
    height: media.height,
  }),
});

/** A file: its caption, size and dimensions. */
const reader = (type: FileType): Reader => ({
  members: MEMBERS[type],
  read(message: proto.IMessage) {
    const file = partOf(message, MEMBERS[type]);
    return file ? describe(file, file === message.ptvMessage) : null;
  },
});

export const image = reader('image');
export const video = reader('video');
export const audio = reader('audio');
export const document = reader('document');
export const sticker = reader('sticker');

/** A larger preview is left out: every event and list would carry it. Phones make some of 1 to 10 kB. */
const MAX_THUMBNAIL_BYTES = 32 * 1024;
const MAX_WAVEFORM_BYTES = 256;
/** Column and header take no more than these, in characters. */
const MAX_NAME = 255;
const MAX_MIMETYPE = 200;
const MEDIA_KEY_BYTES = 32;

/**
 * What a message of the type says about its file; `null`: it has none. The message is unwrapped. Pure.
 *
 * @param isOfChannel its file is not encrypted
 */
export function readFile(type: string, message: proto.IMessage, isOfChannel = false): WhatsAppFile | null {
  const members = MEMBERS[type as FileType] as readonly FileMember[] | undefined;
  const file = members && partOf(message, members);
  if (!file) return null;
  const { seconds, width, height } = file;
  return {
    mimetype: file.mimetype?.slice(0, MAX_MIMETYPE) || undefined,
    size: toNumber(file.fileLength),
    fileName: (file.fileName ?? file.title)?.slice(0, MAX_NAME) || undefined,
    facts: present({
      seconds: naturalNumber(seconds),
      width: naturalNumber(width),
      height: naturalNumber(height),
      animated: file.isAnimated || file.isLottie ? (true as const) : undefined,
      waveform: base64(file.waveform, MAX_WAVEFORM_BYTES),
      thumbnail: base64(file.jpegThumbnail, MAX_THUMBNAIL_BYTES),
    }),
    reference: referenceOf(mediaTypeOf(type as FileType, file, message), file, isOfChannel),
  };
}

/** The type as WhatsApp's media hosts know it. */
function mediaTypeOf(type: FileType, file: MediaFields, { ptvMessage }: proto.IMessage): MediaType {
  if (type === 'audio' && file.ptt) return 'ptt';
  if (type === 'video' && file === ptvMessage) return 'ptv';
  return type === 'video' && file.gifPlayback ? 'gif' : type;
}

/** Where the bytes are and how they are opened; `undefined`: nobody can say, so they cannot be fetched. */
function referenceOf(mediaType: MediaType, file: MediaFields, isOfChannel: boolean): WhatsAppFile['reference'] {
  const { url, directPath, mediaKey, fileSha256 } = file;
  const isPlain = isOfChannel && !mediaKey?.length && Boolean(fileSha256?.length);
  if ((!url && !directPath) || (!isPlain && mediaKey?.length !== MEDIA_KEY_BYTES)) return undefined;
  return present({
    mediaType,
    url,
    directPath,
    mediaKey: base64(mediaKey),
    fileSha256: base64(file.fileSha256),
    fileEncSha256: base64(file.fileEncSha256),
    fileLength: toNumber(file.fileLength),
    mediaKeyTimestamp: toNumber(file.mediaKeyTimestamp),
  }) as WhatsAppFile['reference'];
}

const naturalNumber = (value: number | null | undefined): number | undefined =>
  value && Number.isSafeInteger(value) && value > 0 ? value : undefined;

function base64(bytes: Uint8Array | null | undefined, maxBytes = Number.POSITIVE_INFINITY): string | undefined {
  return bytes?.length && bytes.length <= maxBytes ? Buffer.from(bytes).toString('base64') : undefined;
}
