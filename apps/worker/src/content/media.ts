import type { proto } from '../whatsapp/baileys.ts';
import type { Reader } from './codec.ts';
import { present, toNumber } from './fields.ts';

interface MediaFields {
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
}

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
    animated: media.isAnimated || undefined,
    width: media.width,
    height: media.height,
  }),
});

type FileMember =
  | 'imageMessage'
  | 'videoMessage'
  | 'ptvMessage'
  | 'audioMessage'
  | 'documentMessage'
  | 'stickerMessage';

/** A file: its caption, size and dimensions. Its bytes are not downloaded. */
const reader = (...members: FileMember[]): Reader => ({
  members,
  read(message: proto.IMessage) {
    const file = members.map((member) => message[member] as MediaFields | null | undefined).find(Boolean);
    return file ? describe(file, file === message.ptvMessage) : null;
  },
});

export const image = reader('imageMessage');
export const video = reader('videoMessage', 'ptvMessage');
export const audio = reader('audioMessage');
export const document = reader('documentMessage');
export const sticker = reader('stickerMessage');
