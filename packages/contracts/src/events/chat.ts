import { Type } from 'typebox';
import { EXAMPLE_IDENTITY, IdentitySchema } from '../identities.ts';
import { nullable, timestamp } from '../schema.ts';
import { event } from './event.ts';

const inChat = {
  chat: Type.String({ description: 'The chat as WhatsApp names it.' }),
  identities: Type.Optional(Type.Object({ chat: IdentitySchema })),
};
const example = { chat: '15551234567@s.whatsapp.net', identities: { chat: EXAMPLE_IDENTITY } };
const messageId = nullable(
  Type.String({ format: 'uuid', description: 'The last message concerned; null: none of the chat is known here.' }),
);
const EXAMPLE_MESSAGE = '01a1fe67-59c3-7e76-818f-224716029ae9';

/** Events of chats: what the account has done to them for itself, here, on its phone or on another device. */
export const CHAT_EVENTS = {
  'chat.updated': event({
    summary: 'The account has archived, pinned, muted or marked a chat, or undone that, here or on another device.',
    data: Type.Object({
      ...inChat,
      changed: Type.Array(Type.String(), { description: 'The fields that have changed.' }),
      isArchived: Type.Boolean(),
      isPinned: Type.Boolean(),
      isMuted: Type.Boolean(),
      mutedUntil: nullable(timestamp('Null: not muted, or muted until it is unmuted.')),
      isMarkedUnread: Type.Boolean(),
    }),
    example: {
      ...example,
      changed: ['isArchived'],
      isArchived: true,
      isPinned: false,
      isMuted: false,
      mutedUntil: null,
      isMarkedUnread: false,
    },
    keep: 'log',
  }),
  'chat.read': event({
    summary: 'The account has read a chat, here or on another device.',
    data: Type.Object({ ...inChat, messageId }),
    example: { ...example, messageId: EXAMPLE_MESSAGE },
    keep: 'log',
  }),
  'chat.cleared': event({
    summary: 'The account has removed the messages of a chat for itself.',
    data: Type.Object({ ...inChat, messageId }),
    example: { ...example, messageId: EXAMPLE_MESSAGE },
    keep: 'log',
  }),
  'chat.deleted': event({
    summary: 'The account has deleted a chat for itself.',
    data: Type.Object({ ...inChat, messageId }),
    example: { ...example, messageId: EXAMPLE_MESSAGE },
    keep: 'log',
  }),
};
