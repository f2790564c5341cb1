import { type Static, Type } from 'typebox';
import { IdentitySchema } from './identities.ts';
import { LabelSchema } from './labels.ts';
import { LIMITS } from './limits.ts';
import { MessageSchema } from './messages.ts';
import { CursorPaginationSchema, cursorQuery } from './paging.ts';
import { nullable, timestamp } from './schema.ts';

/** How the account shows a chat to itself, here, on its phone and its other devices. */
const settings = {
  isArchived: Type.Boolean(),
  isPinned: Type.Boolean(),
  isMuted: Type.Boolean(),
  mutedUntil: nullable(timestamp('Null: not muted, or muted until it is unmuted.')),
  isMarkedUnread: Type.Boolean({ description: 'The account has marked it as unread, whatever has come.' }),
};
export const ChatSettingsSchema = Type.Object({
  chat: Type.String({
    description: 'The chat as WhatsApp names it: a user or a group.',
    examples: ['6281234567890@s.whatsapp.net'],
  }),
  ...settings,
});
export type ChatSettings = Static<typeof ChatSettingsSchema>;

export const UpdateChatRequestSchema = Type.Object(
  {
    isArchived: Type.Optional(Type.Boolean()),
    isPinned: Type.Optional(Type.Boolean({ description: 'Phones show three pinned chats at most.' })),
    isMuted: Type.Optional(Type.Boolean({ description: 'true without `mutedUntil`: until it is unmuted.' })),
    mutedUntil: Type.Optional(timestamp('Mutes the chat until then.')),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ isArchived: true }] },
);

export const SyncedChatsSchema = Type.Object({
  changes: Type.Integer({ minimum: 0, description: 'How many changes were read.' }),
  versions: Type.Record(Type.String(), Type.Integer(), {
    description: 'Up to which version each collection of settings is known.',
  }),
});

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
      'Messages that came since the account has last said something in the chat, or has read it, here or on its phone.',
  }),
  ...settings,
  labels: Type.Array(LabelSchema, { description: 'Labels of WhatsApp Business that it has.' }),
  lastMessage: Type.Optional(MessageSchema),
  lastActivityAt: timestamp(
    'When the last message was accepted, or came: the latest that came at all, or that WhatsApp has taken.',
  ),
});
export type Chat = Static<typeof ChatSchema>;

const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
const whichChats = {
  ...cursorQuery,
  archived: flag('true: archived ones alone. false: without them.'),
  pinned: flag('true: pinned ones alone. false: without them.'),
  muted: flag('true: those that are muted at present. false: without them.'),
  label: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'With this label, by its id.', examples: ['1'] }),
  ),
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

/** Messages with a star, the newest first. */
export const ListStarredQuerySchema = Type.Object(cursorQuery);
export type ListStarredQuery = Static<typeof ListStarredQuerySchema>;
export const ListStarredResultSchema = Type.Object({
  messages: Type.Array(MessageSchema),
  pagination: CursorPaginationSchema,
});
export type ListStarredResult = Static<typeof ListStarredResultSchema>;

export const chatName = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'A phone number in any spelling, the jid of a person or a group, or the id of a contact.',
  examples: ['+6281234567890'],
});
export const ChatParamsSchema = Type.Object({ chat: chatName });
export const SessionChatParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, examples: ['user123-personal'] }),
  chat: chatName,
});
