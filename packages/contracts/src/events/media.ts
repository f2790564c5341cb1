import { Type } from 'typebox';
import { EXAMPLE_IDENTITY, MessageIdentitiesSchema } from '../identities.ts';
import { EXAMPLE_MEDIA, MediaSchema } from '../media.ts';
import { MESSAGE_TYPES } from '../message-types.ts';
import { oneOf } from '../schema.ts';
import { event } from './event.ts';

const ofMedia = Type.Object({
  messageId: Type.String({ format: 'uuid', description: 'The message whose file it is.' }),
  waMessageId: Type.String({ description: 'The same message as WhatsApp names it.' }),
  chat: Type.String({ description: 'The chat, as WhatsApp names it.' }),
  chatAlt: Type.Optional(Type.String({ description: 'The same chat in the other addressing (phone number or LID).' })),
  from: Type.String({ description: 'Who wrote the message; in groups the participant.' }),
  fromMe: Type.Boolean({ description: 'true: it was sent on the phone of the account.' }),
  type: oneOf(MESSAGE_TYPES),
  media: MediaSchema,
  identities: Type.Optional(MessageIdentitiesSchema),
});

const CHAT = '15551234567@s.whatsapp.net';
const EXAMPLE = {
  messageId: '01a1fe67-59c3-7e76-818f-224716029ae9',
  waMessageId: '3EB0868FE98849480AD910',
  chat: CHAT,
  from: CHAT,
  fromMe: false,
  type: 'image',
  identities: { chat: EXAMPLE_IDENTITY, from: EXAMPLE_IDENTITY },
} as const;

/** Events of files that came in messages. */
export const MEDIA_EVENTS = {
  'media.ready': event({
    summary: 'The file of a message was fetched from WhatsApp and verified. It can be read.',
    data: ofMedia,
    example: { ...EXAMPLE, media: { ...EXAMPLE_MEDIA, status: 'ready' } },
    keep: 'log',
  }),
  'media.failed': event({
    summary:
      'The file of a message could not be fetched: WhatsApp and the phone have it no more (`media.status: "expired"`), or `media.error` says why.',
    data: ofMedia,
    example: {
      ...EXAMPLE,
      media: {
        ...EXAMPLE_MEDIA,
        status: 'expired',
        error: { code: 'MEDIA_EXPIRED', message: 'The phone has not answered in time.' },
      },
    },
    keep: 'log',
  }),
};
