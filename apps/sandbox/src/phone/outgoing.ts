import { type Static, Type } from 'typebox';

/** What a phone can be told to send: the body of `POST /phones/{number}/messages`. */

const base = {
  to: Type.String({
    description: 'Number of the recipient, a jid (`…@s.whatsapp.net`, `…@lid`), or a group (`…@g.us`)',
  }),
  id: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'Message id; made up when absent' })),
  addressing: Type.Optional(
    Type.Enum(['pn', 'lid'], {
      description: 'How sender and recipient are named in a 1:1 chat; default pn, or as in `to`',
    }),
  ),
  replyTo: Type.Optional(Type.String({ description: 'Id of a message in this phone’s list that is quoted' })),
};

const file = {
  data: Type.String({ description: 'The file, base64' }),
  mimetype: Type.Optional(Type.String()),
};

const caption = Type.Optional(Type.String());
const seconds = Type.Optional(Type.Integer({ minimum: 0 }));
const target = Type.String({ description: 'Id of the message it is about' });

const OutgoingText = Type.Object({
  ...base,
  type: Type.Literal('text'),
  text: Type.String({ minLength: 1 }),
  mentions: Type.Optional(Type.Array(Type.String({ description: 'Numbers' }))),
});
const OutgoingImage = Type.Object({ ...base, ...file, type: Type.Literal('image'), caption });
const OutgoingVideo = Type.Object({
  ...base,
  ...file,
  type: Type.Literal('video'),
  caption,
  seconds,
  gif: Type.Optional(Type.Boolean()),
});
const OutgoingAudio = Type.Object({
  ...base,
  ...file,
  type: Type.Literal('audio'),
  seconds,
  voice: Type.Optional(Type.Boolean({ description: 'A voice note' })),
});
const OutgoingDocument = Type.Object({
  ...base,
  ...file,
  type: Type.Literal('document'),
  fileName: Type.String({ minLength: 1 }),
  caption,
});
const OutgoingSticker = Type.Object({ ...base, ...file, type: Type.Literal('sticker') });
const OutgoingReaction = Type.Object({
  ...base,
  type: Type.Literal('reaction'),
  target,
  emoji: Type.String({ description: 'Empty takes the reaction back' }),
});
const OutgoingPoll = Type.Object({
  ...base,
  type: Type.Literal('poll'),
  name: Type.String({ minLength: 1 }),
  options: Type.Array(Type.String({ minLength: 1 }), { minItems: 2, maxItems: 12 }),
  selectable: Type.Optional(Type.Integer({ minimum: 0, description: '0: any number; default 1' })),
});
const OutgoingLocation = Type.Object({
  ...base,
  type: Type.Literal('location'),
  latitude: Type.Number({ minimum: -90, maximum: 90 }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
  name: Type.Optional(Type.String()),
  address: Type.Optional(Type.String()),
});
const OutgoingContact = Type.Object({
  ...base,
  type: Type.Literal('contact'),
  name: Type.String({ minLength: 1 }),
  number: Type.String({ minLength: 5 }),
});
const OutgoingEdit = Type.Object({
  ...base,
  type: Type.Literal('edit'),
  target,
  text: Type.String({ minLength: 1 }),
});
const OutgoingRevoke = Type.Object({ ...base, type: Type.Literal('revoke'), target });

export const OutgoingMessage = Type.Union([
  OutgoingText,
  OutgoingImage,
  OutgoingVideo,
  OutgoingAudio,
  OutgoingDocument,
  OutgoingSticker,
  OutgoingReaction,
  OutgoingPoll,
  OutgoingLocation,
  OutgoingContact,
  OutgoingEdit,
  OutgoingRevoke,
]);

export type OutgoingMessage = Static<typeof OutgoingMessage>;
export type OutgoingFile = Static<
  typeof OutgoingImage | typeof OutgoingVideo | typeof OutgoingAudio | typeof OutgoingDocument | typeof OutgoingSticker
>;
