import { type Static, type TObject, Type } from 'typebox';
import type { OutboundContext } from './kinds/index.ts';
import { MESSAGE_TYPES, type MessageTypeName } from './message-types.ts';
import { oneOf } from './schema.ts';

/** The message that another one quotes. */
export const QuotedMessageSchema = Type.Object({
  messageId: Type.Optional(
    Type.String({ format: 'uuid', description: 'Our id of the quoted message, where it is known here.' }),
  ),
  waMessageId: Type.String(),
  chat: Type.Optional(Type.String({ description: 'Where it is, when that is another chat.' })),
  from: Type.Optional(Type.String({ description: 'Who wrote it.' })),
  type: oneOf(MESSAGE_TYPES),
  text: Type.Optional(Type.String({ description: 'The beginning of what it says.' })),
});

/** The ad from which a chat was begun; the names are those of WhatsApp's own Cloud API. */
export const ReferralSchema = Type.Object({
  sourceType: Type.Optional(Type.String({ examples: ['ad', 'post'] })),
  sourceId: Type.Optional(Type.String()),
  sourceUrl: Type.Optional(Type.String()),
  headline: Type.Optional(Type.String()),
  body: Type.Optional(Type.String()),
  mediaUrl: Type.Optional(Type.String()),
  ctwaClid: Type.Optional(Type.String({ description: 'The id of the click.' })),
  ref: Type.Optional(Type.String()),
});

/** The preview of a link in a text. */
export const LinkPreviewSchema = Type.Object({
  url: Type.String({ description: 'As the text has it.' }),
  title: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
});

/** What belongs to a message beside its content. Each is absent where it does not apply. */
export const messageContext = {
  replyTo: Type.Optional(QuotedMessageSchema),
  mentions: Type.Optional(Type.Array(Type.String(), { description: 'Who is mentioned, as WhatsApp names them.' })),
  mentionsAll: Type.Optional(Type.Boolean({ description: 'true: everybody in the group is mentioned.' })),
  forwardedCount: Type.Optional(Type.Integer({ description: 'How often it was forwarded; phones show 5 as "many".' })),
  linkPreview: Type.Optional(LinkPreviewSchema),
  viewOnce: Type.Optional(Type.Boolean()),
  expiresInSeconds: Type.Optional(
    Type.Integer({ description: 'The timer of disappearing messages that it was sent with.' }),
  ),
  referral: Type.Optional(ReferralSchema),
  album: Type.Optional(
    Type.Object(
      {
        messageId: Type.Optional(Type.String({ format: 'uuid', description: 'Our id of it, where it was sent here.' })),
        waMessageId: Type.String({ description: 'The message of type `album`.' }),
      },
      { description: 'Phones show this picture or video as a part of an album.' },
    ),
  ),
};

export type MessageContext = Static<TObject<typeof messageContext>>;

/** The longest text of a quoted message that is kept, in characters. */
const MAX_QUOTED_TEXT = 300;

/** The beginning of a quoted text, without half of an emoji at its end. */
export const quotedText = (text: string): string => text.slice(0, MAX_QUOTED_TEXT).replace(/[\ud800-\udbff]$/, '');

/** The column `messages.context` of a message to send. */
export function storedContextOf(
  { context, viewOnce }: { context?: OutboundContext; viewOnce?: boolean },
  chatJid: string,
): MessageContext | undefined {
  const { quoted, mentions, mentionsAll, forwardedCount, linkPreview, album } = context ?? {};
  const { thumbnail: _, picture: __, pictureRefusal: ___, ...preview } = linkPreview ?? {};
  const isEmpty = !quoted && !mentions && !mentionsAll && !forwardedCount && !linkPreview && !viewOnce && !album;
  if (isEmpty) return undefined;
  const text = quoted?.text && quotedText(quoted.text);
  const replyTo = quoted && {
    messageId: quoted.messageId,
    waMessageId: quoted.waMessageId,
    ...(quoted.chatJid !== chatJid && { chat: quoted.chatJid }),
    ...(quoted.fromJid !== null && { from: quoted.fromJid }),
    type: quoted.type as MessageTypeName,
    ...(text && { text }),
  };
  return {
    ...(replyTo && { replyTo }),
    ...(mentions && { mentions }),
    ...(mentionsAll && { mentionsAll }),
    ...(forwardedCount && { forwardedCount }),
    ...(linkPreview && { linkPreview: { url: linkPreview.url, ...preview } }),
    ...(viewOnce && { viewOnce }),
    ...(album && { album }),
  };
}
