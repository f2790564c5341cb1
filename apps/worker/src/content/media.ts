import type { MessageType } from '@wa-gate/db';
import type { proto } from '../whatsapp/baileys.ts';
import { type Content, present, toNumber } from './content.ts';

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
}

const describe = (type: MessageType, media: MediaFields): Content => ({
  type,
  ...(media.caption ? { text: media.caption } : {}),
  content: present({
    mimetype: media.mimetype,
    size: toNumber(media.fileLength),
    fileName: media.fileName ?? media.title,
    seconds: media.seconds,
    voice: media.ptt || undefined,
    gif: media.gifPlayback || undefined,
    width: media.width,
    height: media.height,
  }),
});

/** Every media kind: its type, caption and measures. The bytes stay with WhatsApp until somebody asks for them. */
export function readMedia(message: proto.IMessage): Content | null {
  if (message.imageMessage) return describe('IMAGE', message.imageMessage);
  if (message.videoMessage) return describe('VIDEO', message.videoMessage);
  if (message.ptvMessage) return describe('VIDEO', message.ptvMessage);
  if (message.audioMessage) return describe('AUDIO', message.audioMessage);
  if (message.documentMessage) return describe('DOCUMENT', message.documentMessage);
  if (message.stickerMessage) return describe('STICKER', message.stickerMessage as MediaFields);
  return null;
}
