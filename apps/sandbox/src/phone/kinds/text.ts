import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { Type } from 'typebox';
import { pnJid } from '../../wire/jid.ts';
import { describeContext, plain } from '../description.ts';
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
    return plain('text', extended.text ?? '', {
      ...describeContext(extended.contextInfo),
      ...describePreview(extended),
    });
  },
});

/** The preview of a link, as the phone shows it beside the text. */
function describePreview({ matchedText, title, description, jpegThumbnail }: proto.Message.IExtendedTextMessage) {
  if (!matchedText) return {};
  const thumbnail = jpegThumbnail?.length ? Buffer.from(jpegThumbnail).toString('base64') : null;
  return { linkPreview: { url: matchedText, title: title ?? null, description: description ?? null, thumbnail } };
}

export function textMessage(words: string, context: Given['context'] = {}): proto.IMessage {
  return context.contextInfo ? { extendedTextMessage: { text: words, ...context } } : { conversation: words };
}
