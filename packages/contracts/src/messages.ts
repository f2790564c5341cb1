import { type Static, Type } from 'typebox';
import { EventTotalsSchema, PollTotalsSchema } from './ballots.ts';
import { defaultSessionHeaders, defaultSessionQuery } from './default-session.ts';
import { MessageIdentitiesSchema } from './identities.ts';
import { MessagePartSchema } from './kinds/index.ts';
import { LIMITS } from './limits.ts';
import { MediaSchema } from './media.ts';
import { ReactionSchema } from './message-changes.ts';
import { messageContext } from './message-context.ts';
import { MESSAGE_STATES, MESSAGE_STATUSES } from './message-states.ts';
import { MESSAGE_SOURCES, MESSAGE_TYPES } from './message-types.ts';
import { CursorPaginationSchema, twoWayCursorQuery } from './paging.ts';
import { RiskWarningSchema } from './risk.ts';
import { anyObject, nullable, oneOf, timestamp } from './schema.ts';
import { PRIORITIES } from './send-requests.ts';

/** The pattern of `Idempotency-Key`. */
export const IDEMPOTENCY_KEY_PATTERN = '^[A-Za-z0-9._:-]{1,255}$';

export const SendHeadersSchema = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: IDEMPOTENCY_KEY_PATTERN,
      description:
        'Makes it safe to repeat the request: within 24 hours the same key with the same body is answered with the message that it made, as it is now, and the header `Idempotent-Replayed: true`. Another body is refused with 422.',
      examples: ['7d9c3f1e-5b1c-4f0e-9a51-1f0a8a0c7c11'],
    }),
  ),
});

export const WAIT_FOR = ['queued', 'sent', 'delivered'] as const;
export type WaitFor = (typeof WAIT_FOR)[number];

export const SendQuerySchema = Type.Object({
  wait: Type.Optional(oneOf(WAIT_FOR, 'What to wait for before answering. Default: sent.')),
  timeoutMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: LIMITS.waitMaxMs,
      default: LIMITS.waitDefaultMs,
      description: 'How long to wait; after that 202 with the present status.',
    }),
  ),
});

/** `POST /api/messages/send`: the same for the session that the call names, or the caller's default session. */
export const SendFromDefaultHeadersSchema = Type.Object({ ...SendHeadersSchema.properties, ...defaultSessionHeaders });
export const SendFromDefaultQuerySchema = Type.Object({
  ...SendQuerySchema.properties,
  ...defaultSessionQuery,
  wait: Type.Optional(oneOf(WAIT_FOR, 'What to wait for before answering. Default: queued, which waits for nothing.')),
});

const messageError = Type.Object({
  code: nullable(Type.String({ description: "WhatsApp's own code.", examples: ['463'] })),
  message: nullable(Type.String()),
});

export const ScheduleSchema = Type.Object({
  at: timestamp('When it is to be sent.'),
  timeZone: Type.Optional(Type.String({ description: 'The zone that the caller gave.', examples: ['Europe/Berlin'] })),
  localTime: Type.Optional(
    Type.String({ description: 'The time there, as the caller wrote it.', examples: ['2026-03-29T02:30'] }),
  ),
  adjusted: Type.Optional(
    oneOf(
      ['moved-forward', 'first-of-two'],
      'The clock skips that time, and it was moved forward by as much as the clock is; or the clock shows it twice, and the first counts.',
    ),
  ),
});

/** When and how soon a message is to go, where its caller has said so. */
const timing = {
  priority: Type.Optional(oneOf(PRIORITIES, 'Absent: `normal`.')),
  schedule: Type.Optional(ScheduleSchema),
  expiresAt: Type.Optional(timestamp('What has not left by then is not sent any more.')),
};

const identity = {
  messageId: Type.String({ format: 'uuid' }),
  waMessageId: Type.String({ examples: ['3EB0A1B2C3D4E5F6A7B8C9'] }),
  status: oneOf(
    MESSAGE_STATUSES,
    '`delivered`, `read`: a phone of the recipient says so; of a group, those of all members. `received`: it came in.',
  ),
  state: oneOf(MESSAGE_STATES, 'The exact state behind the status.'),
};

export const SendResultSchema = Type.Object({
  ...identity,
  ...timing,
  parts: Type.Optional(
    Type.Array(MessagePartSchema, {
      description: 'Of an album: the messages of its pictures and videos, in their order.',
    }),
  ),
  chat: Type.Optional(Type.String({ description: 'The chat as WhatsApp names it: maybe in another spelling.' })),
  identities: Type.Optional(MessageIdentitiesSchema),
  risk: Type.Optional(RiskWarningSchema),
  error: Type.Optional(messageError),
});
export type SendResult = Static<typeof SendResultSchema>;

export const MessageSchema = Type.Object({
  id: identity.messageId,
  ...identity,
  sessionId: Type.String({ examples: ['user123-personal'] }),
  direction: oneOf(['inbound', 'outbound']),
  chat: Type.String({ description: 'The chat as WhatsApp names it: a user or a group.' }),
  from: nullable(
    Type.String({ description: 'Who wrote it. `null` where it is the account of a session that was never linked.' }),
  ),
  fromMe: Type.Boolean(),
  source: Type.Optional(
    oneOf(MESSAGE_SOURCES, 'Of a message of the account: `api`, or `phone` for its phone and other devices.'),
  ),
  senderName: nullable(Type.String()),
  identities: MessageIdentitiesSchema,
  type: oneOf(MESSAGE_TYPES),
  text: nullable(Type.String()),
  content: Type.Optional(anyObject({ description: 'What is not text.' })),
  media: Type.Optional(MediaSchema),
  ...messageContext,
  metadata: Type.Optional(anyObject()),
  ...timing,
  error: Type.Optional(messageError),
  editedAt: nullable(timestamp("WhatsApp's time of the last edit: `text` and `content` are from it.")),
  revokedAt: nullable(
    timestamp("WhatsApp's time at which it was deleted for everyone: `text` and `content` are in its history alone."),
  ),
  deletedForMeAt: nullable(
    timestamp("WhatsApp's time at which the account deleted it for itself: its own devices do not show it any more."),
  ),
  reactions: Type.Array(ReactionSchema, { description: 'The reaction of each person who has one now, oldest first.' }),
  votes: Type.Optional(PollTotalsSchema),
  answers: Type.Optional(EventTotalsSchema),
  timestamp: nullable(
    timestamp("WhatsApp's own time of the message. Until WhatsApp has it, when it was accepted here."),
  ),
  sentAt: nullable(timestamp()),
  deliveredAt: nullable(timestamp()),
  readAt: nullable(timestamp()),
  createdAt: timestamp(),
});
export type Message = Static<typeof MessageSchema>;

export const MessageParamsSchema = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });

/** A chat or person by any name. */
const anyName = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 128, description, examples: ['+6281234567890'] }));

/** Which messages; all that are given must hold. */
const messageFilters = {
  direction: Type.Optional(oneOf(['inbound', 'outbound'])),
  fromMe: Type.Optional(Type.Boolean({ description: 'true: messages of the account, also those of its phone.' })),
  source: Type.Optional(oneOf(MESSAGE_SOURCES, 'Messages of the account that went out here (`api`), or on its phone.')),
  type: Type.Optional(oneOf(MESSAGE_TYPES)),
  hasMedia: Type.Optional(Type.Boolean({ description: 'true: with a file. false: without one.' })),
  status: Type.Optional(oneOf(MESSAGE_STATUSES)),
  state: Type.Optional(oneOf(MESSAGE_STATES, 'The exact state behind the status.')),
  chat: anyName(
    'Only this chat: a phone number in any spelling, the jid of a person or a group, or the id of a contact. All names of a person find the same messages.',
  ),
  contact: anyName(
    'Only this person: what it wrote in any chat, groups included, and the direct chat with it. By the same names as `chat`; a group is none.',
  ),
  from: Type.Optional(timestamp('Only messages that were accepted, or came, at this time or later.')),
  to: Type.Optional(timestamp('Only messages from before this time.')),
  text: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: LIMITS.searchText,
      description:
        'Words that all stand in the message, its caption, the names in it, that of its file or of who wrote it. Parts of words are found too (`pesan` in "pesanan"), words of one or two letters only as whole words. Words in "quotes" stand together. Upper case and accents do not matter. Phone numbers are found in any spelling.',
      examples: ['pesan'],
    }),
  ),
};

const whichMessages = {
  ...twoWayCursorQuery,
  ...messageFilters,
  count: Type.Optional(
    Type.Boolean({ description: 'Also count all messages that the filters find: `pagination.total`. Takes longer.' }),
  ),
};

export const ListMessagesQuerySchema = Type.Object(whichMessages);

export type ListMessagesQuery = Static<typeof ListMessagesQuerySchema>;

const onlySession = {
  sessionId: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'Only this session.' })),
};

/** `GET /api/messages`: over all sessions of the caller. */
export const ListAllMessagesQuerySchema = Type.Object({ ...whichMessages, ...onlySession });

/** `GET /api/chats/{chat}/messages` */
const { chat: _chat, ...whichOfChat } = whichMessages;
export const ListChatMessagesQuerySchema = Type.Object(whichOfChat);
export const ListAllChatMessagesQuerySchema = Type.Object({ ...whichOfChat, ...onlySession });

/** Formats of the export. */
export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const exported = {
  ...messageFilters,
  format: Type.Optional(
    oneOf(
      EXPORT_FORMATS,
      '`csv`, for spreadsheets. `ndjson`: one message in each line, as the list shows it. Default: csv.',
    ),
  ),
};
export const ExportMessagesQuerySchema = Type.Object(exported);
export type ExportMessagesQuery = Static<typeof ExportMessagesQuerySchema>;
export const ExportAllMessagesQuerySchema = Type.Object({ ...exported, ...onlySession });

export const ListMessagesResultSchema = Type.Object({
  messages: Type.Array(MessageSchema),
  pagination: Type.Object({
    ...CursorPaginationSchema.properties,
    previousCursor: nullable(
      Type.String({
        description: 'For `after`: what comes after the newest message of this page. `null` on an empty page.',
      }),
    ),
    total: Type.Optional(Type.Integer({ description: 'With `?count=true`.' })),
  }),
});
export type ListMessagesResult = Static<typeof ListMessagesResultSchema>;
