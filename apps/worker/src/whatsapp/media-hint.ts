import { normalizeMessageContent, type proto } from './baileys.ts';

/**
 * Baileys finds out what kind of file a stanza announces (`mediatype`) by the members of the message itself. In an
 * envelope, as of what is viewed once, it finds none, and video notes it does not know at all: those would go out as
 * texts. The message that this returns inherits the member that Baileys looks for. Its own members stay as they are,
 * and they alone are encoded.
 */
export function withMediaHint(message: proto.IMessage): proto.IMessage {
  const content = normalizeMessageContent(message) ?? message;
  const hint = hintOf(content);
  const needsHint = hint && Object.keys(hint).some((member) => !Object.hasOwn(message, member));
  return needsHint ? Object.assign(Object.create(hint) as proto.IMessage, message) : message;
}

/** rc14 has no word for video notes: they are announced as the videos that they are. */
function hintOf({ imageMessage, videoMessage, ptvMessage, audioMessage, documentMessage }: proto.IMessage) {
  if (imageMessage) return { imageMessage };
  if (videoMessage) return { videoMessage };
  if (ptvMessage) return { videoMessage: ptvMessage };
  if (audioMessage) return { audioMessage };
  return documentMessage ? { documentMessage } : null;
}
