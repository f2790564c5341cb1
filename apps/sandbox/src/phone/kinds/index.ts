import { type Static, type TObject, Type } from 'typebox';
import { album } from './album.ts';
import { interactive, order, product, template } from './business.ts';
import { edit, revoke } from './change.ts';
import { buttonReply, buttons, list, listReply } from './choices.ts';
import { contact } from './contact.ts';
import { event } from './event.ts';
import { audio, document, image, sticker, video } from './file.ts';
import { groupInvite, phoneNumberRequest } from './invite.ts';
import { location } from './location.ts';
import { keep, pin } from './pin.ts';
import { poll } from './poll.ts';
import { reaction } from './reaction.ts';
import { text } from './text.ts';
import { timer } from './timer.ts';
import { unknown } from './unknown.ts';
import { answer, vote } from './vote.ts';

/**
 * The kinds that phones can send and show. When two kinds have the same member, the first one that accepts the message
 * applies.
 */
export const PHONE_KINDS = {
  text,
  image,
  video,
  audio,
  document,
  sticker,
  album,
  reaction,
  poll,
  location,
  contact,
  event,
  buttons,
  list,
  buttonReply,
  listReply,
  order,
  product,
  groupInvite,
  interactive,
  template,
  phoneNumberRequest,
  vote,
  answer,
  edit,
  revoke,
  pin,
  keep,
  timer,
  unknown,
};
export type PhoneKindName = keyof typeof PHONE_KINDS;

/** Envelopes that clients put around messages. */
export const ENVELOPES = [
  'ephemeralMessage',
  'viewOnceMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
  'documentWithCaptionMessage',
  'groupMentionedMessage',
  'lottieStickerMessage',
  'botInvokeMessage',
] as const;

/** Fields of every kind. */
const base = {
  to: Type.String({
    description:
      'Number of the recipient, a jid (`…@s.whatsapp.net`, `…@lid`), a group (`…@g.us`), or `status@broadcast`: a status update',
  }),
  audience: Type.Optional(
    Type.Array(Type.String({ pattern: '^\\d{5,20}$' }), {
      description: 'Of a status update: the numbers of those who see it; nobody when absent',
    }),
  ),
  id: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'Message id; made up when absent' })),
  addressing: Type.Optional(
    Type.Enum(['pn', 'lid'], {
      description: 'How sender and recipient are named in a 1:1 chat; default pn, or as in `to`',
    }),
  ),
  hidesOtherName: Type.Optional(
    Type.Boolean({ description: 'The stanza names this phone by its number alone, or by its LID alone' }),
  ),
  replyTo: Type.Optional(Type.String({ description: 'Id of a message in this phone’s list that is quoted' })),
  forwarded: Type.Optional(Type.Integer({ minimum: 1, description: 'How often it was forwarded' })),
  secret: Type.Optional(
    Type.String({
      minLength: 44,
      maxLength: 44,
      description:
        'Base64 of the 32 bytes that changes of the message are encrypted with; made up when absent. Of a vote or an answer to an `unseen` message: of that message',
    }),
  ),
  expiresIn: Type.Optional(Type.Integer({ minimum: 1, description: 'Timer of disappearing messages, in seconds' })),
  envelope: Type.Optional(
    Type.Enum([...ENVELOPES], {
      description: 'An envelope of the protobuf around the message, as for disappearing chats',
    }),
  ),
  ad: Type.Optional(
    Type.Object(
      { id: Type.String(), url: Type.String(), title: Type.String() },
      { additionalProperties: false, description: 'The ad from which the chat is begun' },
    ),
  ),
};

type Fields<K extends PhoneKindName> = Static<TObject<(typeof PHONE_KINDS)[K]['request']>>;

/** The body of `POST /phones/{number}/messages`. */
export type OutgoingMessage = {
  [K in PhoneKindName]: { type: K } & Static<TObject<typeof base>> & Fields<K>;
}[PhoneKindName];

/** The schemas of the body, one for each kind. */
export const OUTGOING_MESSAGES = Object.entries(PHONE_KINDS).map(([type, kind]) =>
  Type.Object({ ...base, type: Type.Literal(type), ...kind.request }, { additionalProperties: false }),
);
