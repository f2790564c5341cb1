import { type BinaryNode, normalizeMessageContent, proto } from './baileys.ts';

/** A post is not encrypted, and the secret of a message is for those who can read it. */
export const withoutSecret = ({ messageContextInfo: _, ...content }: proto.IMessage): proto.IMessage => content;

/**
 * The stanza of a post with a file; `null`: it has none. WhatsApp refuses one that does not say beside its content what
 * kind of file it is (479), and Baileys' does not.
 */
export function filePost(to: string, id: string, message: proto.IMessage): BinaryNode | null {
  const mediatype = wordOf(normalizeMessageContent(message) ?? message);
  if (!mediatype) return null;
  const content = proto.Message.encode(withoutSecret(message)).finish();
  const plaintext = { tag: 'plaintext', attrs: { mediatype }, content };
  return { tag: 'message', attrs: { to, id, type: 'media' }, content: [plaintext] };
}

function wordOf(content: proto.IMessage): string | undefined {
  const { imageMessage, videoMessage, ptvMessage, audioMessage, documentMessage, stickerMessage } = content;
  if (imageMessage) return 'image';
  if (videoMessage) return videoMessage.gifPlayback ? 'gif' : 'video';
  if (ptvMessage) return 'ptv';
  if (audioMessage) return audioMessage.ptt ? 'ptt' : 'audio';
  if (documentMessage) return 'document';
  return stickerMessage ? 'sticker' : undefined;
}
