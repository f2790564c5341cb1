import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { Type } from 'typebox';
import { pnJid } from '../../wire/jid.ts';
import { describeContext, type MediaReference, plain } from '../description.ts';
import { defineKind, type Given } from './kind.ts';

export const text = defineKind({
  request: {
    text: Type.String({ minLength: 1 }),
    mentions: Type.Optional(Type.Array(Type.String({ description: 'Numbers' }))),
  },
  compose({ text: words, mentions = [] }, { phone, chat, context }) {
    if (mentions.length === 0) return { message: textMessage(words, context), type: 'text' };
    const addressing = chat.kind === 'group' ? chat.group.addressing : 'pn';
    const { directory } = phone.deps;
    const mentionedJid = mentions.map((number) => directory.find(number)?.deviceJid(0, addressing) ?? pnJid(number));
    const contextInfo = { ...context.contextInfo, mentionedJid };
    return { message: textMessage(words, { contextInfo }), type: 'text' };
  },
  members: ['conversation', 'extendedTextMessage'],
  describe({ conversation, extendedTextMessage: extended }) {
    if (conversation) return plain('text', conversation);
    if (!extended) return null;
    const details = { ...describeContext(extended.contextInfo), ...describePreview(extended) };
    return { ...plain('text', extended.text ?? '', details), media: pictureOf(extended) };
  },
});

/** The preview of a link, as the phone shows it beside the text. */
function describePreview({ matchedText, title, description, jpegThumbnail }: proto.Message.IExtendedTextMessage) {
  if (!matchedText) return {};
  const thumbnail = jpegThumbnail?.length ? Buffer.from(jpegThumbnail).toString('base64') : null;
  return { linkPreview: { url: matchedText, title: title ?? null, description: description ?? null, thumbnail } };
}

/** The large picture of the preview. Its message does not tell its length. */
function pictureOf(extended: proto.Message.IExtendedTextMessage): MediaReference | null {
  const { thumbnailDirectPath, mediaKey, thumbnailSha256, thumbnailEncSha256, thumbnailWidth, thumbnailHeight } =
    extended;
  if (!thumbnailDirectPath || !mediaKey?.length) return null;
  const base64 = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('base64');
  return {
    mimetype: null,
    path: thumbnailDirectPath,
    mediaKey: base64(mediaKey),
    fileSha256: base64(thumbnailSha256),
    fileEncSha256: base64(thumbnailEncSha256),
    ...(thumbnailWidth && { width: thumbnailWidth }),
    ...(thumbnailHeight && { height: thumbnailHeight }),
  };
}

export function textMessage(words: string, context: Given['context'] = {}): proto.IMessage {
  return context.contextInfo ? { extendedTextMessage: { text: words, ...context } } : { conversation: words };
}
