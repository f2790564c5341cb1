import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { BinaryNode } from '../wire/node.ts';
import { unwrap } from './describe.ts';

/** The words for a file in `mediatype` of its stanza; null: the message has none. */
function wordsFor({
  imageMessage,
  videoMessage,
  ptvMessage,
  audioMessage,
  documentMessage,
  stickerMessage,
}: proto.IMessage): string[] | null {
  if (imageMessage) return ['image'];
  if (videoMessage) return [videoMessage.gifPlayback ? 'gif' : 'video'];
  // Older clients have no word of its own for it.
  if (ptvMessage) return ['ptv', 'video'];
  if (audioMessage) return [audioMessage.ptt ? 'ptt' : 'audio'];
  if (documentMessage) return ['document'];
  return stickerMessage ? ['sticker'] : null;
}

/** How the stanza of a file announces it wrongly; null: it does not. */
export function wrongAnnouncement(stanza: BinaryNode, part: BinaryNode, message: proto.IMessage): string | null {
  const words = wordsFor(unwrap(message));
  // What is sent again to one device has no such attribute.
  if (!words || part.attrs.count !== undefined) return null;
  const { type = '' } = stanza.attrs;
  const { mediatype = '' } = part.attrs;
  return type === 'media' && words.includes(mediatype)
    ? null
    : `${words[0]} as type "${type}", mediatype "${mediatype}"`;
}
