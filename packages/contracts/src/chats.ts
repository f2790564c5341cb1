import { type Static, Type } from 'typebox';
import { IdentitySchema } from './identities.ts';
import { LIMITS } from './limits.ts';
import { MessageSchema } from './messages.ts';
import { CursorPaginationSchema, cursorQuery } from './paging.ts';
import { nullable, timestamp } from './schema.ts';

export const ChatSchema = Type.Object({
  chat: Type.String({
    description: 'The chat as WhatsApp names it: a user or a group.',
    examples: ['6281234567890@s.whatsapp.net'],
  }),
  sessionId: Type.String({ examples: ['user123-personal'] }),
  isGroup: Type.Boolean(),
  name: nullable(Type.String({ description: 'What to call it, where that is known.', examples: ['Ann'] })),
  identity: IdentitySchema,
  unreadCount: Type.Integer({
    minimum: 0,
    description:
      'Messages that came since the account has last said something in the chat, here or on its phone, or has marked it as read here.',
  }),
  lastMessage: Type.Optional(MessageSchema),
  lastActivityAt: timestamp(
    'When the last message was accepted, or came: the latest that came at all, or that WhatsApp has taken.',
  ),
});
export type Chat = Static<typeof ChatSchema>;

const whichChats = {
  ...cursorQuery,
  unread: Type.Optional(Type.Boolean({ description: 'true: with unread messages. false: where everything is read.' })),
  search: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: LIMITS.searchText,
      description: 'A part of a name, or of a number in any spelling.',
      examples: ['ann'],
    }),
  ),
};
export const ListChatsQuerySchema = Type.Object(whichChats);
export type ListChatsQuery = Static<typeof ListChatsQuerySchema>;
export const ListAllChatsQuerySchema = Type.Object({
  ...whichChats,
  sessionId: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'Only this session.' })),
});

export const ListChatsResultSchema = Type.Object({
  chats: Type.Array(ChatSchema),
  pagination: CursorPaginationSchema,
});
export type ListChatsResult = Static<typeof ListChatsResultSchema>;

const chat = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'A phone number in any spelling, the jid of a person or a group, or the id of a contact.',
  examples: ['+6281234567890'],
});
export const ChatParamsSchema = Type.Object({ chat });
export const SessionChatParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, examples: ['user123-personal'] }),
  chat,
});
