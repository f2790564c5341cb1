import { Type } from 'typebox';
import { ChatSettingsSchema, chatName, SyncedChatsSchema, UpdateChatRequestSchema } from '../chats.ts';
import { FetchedHistorySchema, FetchHistoryRequestSchema, HISTORY_ON_REQUEST } from '../history.ts';
import { nullable, requestBody } from '../schema.ts';
import { reference } from './messages.ts';
import { CONNECTION_ERRORS, defineOperation, definePresented } from './operation.ts';

/** Milliseconds. A change of a chat reads what is new at WhatsApp, writes, and reads again. */
const TIMEOUT_MS = 30_000;
/** The most receipts of one call. */
const MOST_RECEIPTS = 100;
/** WhatsApp's own word for "until it is unmuted". */
const FOR_EVER = -1;

const example = {
  chat: '6281234567890@s.whatsapp.net',
  id: '3EB0A1B2C3D4E5F6A7B8C9',
  fromMe: false,
  at: 1_768_473_000,
};
const { chat } = example;

const done = Type.Object({ count: Type.Integer() });
const params = { chat: chatName };
const chatOfBody = Type.Object(params, { additionalProperties: false, examples: [{ chat: '+6281234567890' }] });
const chatData = Type.Object({ chat: Type.String({ description: 'The chat as WhatsApp names it.' }) });
const errors = [...CONNECTION_ERRORS, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'] as const;
const errorsWithMessage = [...errors, 'MESSAGE_NOT_FOUND'] as const;
const unaudited = 'how the account shows its chats to itself; nobody else loses anything by it';
const tag = 'Chats';

/** What is done to chats for the account itself. */
export const chats = {
  'chats.markRead': definePresented({
    method: 'POST',
    path: '/sessions/:id/chats/read',
    summary: 'Mark a chat as read',
    description: [
      'The phone and the other devices of the account show it without unread messages, and the senders of its last messages see them read',
      '(unless the account has switched its read receipts off).',
    ].join(' '),
    permission: 'messages.send',
    unaudited,
    input: {
      chat: Type.String(),
      last: reference,
      messages: Type.Array(reference, { minItems: 1, maxItems: MOST_RECEIPTS }),
    },
    body: chatOfBody,
    answer: done,
    data: chatData,
    errors: errorsWithMessage,
    repeat: 'safe',
    cost: 3,
    timeoutMs: TIMEOUT_MS,
    examples: [{ chat, last: example, messages: [example] }],
  }),
  'chats.markUnread': definePresented({
    method: 'POST',
    path: '/sessions/:id/chats/unread',
    summary: 'Mark a chat as unread',
    description: 'For the account alone: its phone and other devices show the mark.',
    permission: 'messages.send',
    unaudited,
    input: { chat: Type.String(), last: reference },
    body: chatOfBody,
    answer: done,
    data: chatData,
    errors: errorsWithMessage,
    repeat: 'safe',
    cost: 2,
    timeoutMs: TIMEOUT_MS,
    examples: [{ chat, last: example }],
  }),
  'chats.update': definePresented({
    method: 'PATCH',
    path: '/sessions/:id/chats/:chat',
    tag,
    summary: 'Archive, pin or mute a chat',
    description: [
      'For the account alone: its phone and other devices show it. Fields that are left out stay as they are. A chat that is archived is unpinned, as phones do it.',
      'Setting what is set already changes nothing, so a call can be repeated.',
    ].join(' '),
    permission: 'messages.send',
    unaudited,
    input: {
      chat: Type.String(),
      /** The last message of the chat, where there is one here. Phones unarchive a chat when a later one comes. */
      last: Type.Optional(reference),
      isArchived: Type.Optional(Type.Boolean()),
      isPinned: Type.Optional(Type.Boolean()),
      /** Milliseconds since 1970; 0: not muted; -1: until it is unmuted. */
      mutedUntil: Type.Optional(Type.Integer({ minimum: FOR_EVER })),
    },
    params,
    body: UpdateChatRequestSchema,
    answer: done,
    data: ChatSettingsSchema,
    errors,
    repeat: 'safe',
    cost: 4,
    timeoutMs: TIMEOUT_MS,
    examples: [
      { chat, last: example, isArchived: true },
      { chat, isArchived: false, isPinned: true },
      { chat, isPinned: false, mutedUntil: FOR_EVER },
      { chat, mutedUntil: 4_102_444_800_000 },
      { chat, mutedUntil: 0 },
    ],
  }),
  'chats.clear': definePresented({
    method: 'POST',
    path: '/sessions/:id/chats/:chat/clear',
    tag,
    summary: 'Clear a chat',
    description: [
      'The phone and the other devices of the account remove all messages of the chat up to its last one and keep the chat. The other side keeps them,',
      'and so do the lists of this API.',
    ].join(' '),
    permission: 'messages.send',
    audit: 'chat.cleared',
    input: { chat: Type.String(), last: reference, keepStarred: Type.Boolean() },
    params,
    body: nullable(
      requestBody(
        { keepStarred: Type.Optional(Type.Boolean({ default: true, description: 'Starred messages stay.' })) },
        { keepStarred: true },
      ),
    ),
    answer: done,
    data: chatData,
    errors: errorsWithMessage,
    repeat: 'safe',
    cost: 3,
    timeoutMs: TIMEOUT_MS,
    examples: [
      { chat, last: example, keepStarred: true },
      { chat, last: example, keepStarred: false },
    ],
  }),
  'chats.delete': definePresented({
    method: 'DELETE',
    path: '/sessions/:id/chats/:chat',
    tag,
    summary: 'Delete a chat',
    description: [
      'The phone and the other devices of the account remove the chat with its messages up to the last one, and `GET /api/chats` shows it again when something',
      'is said there. The other side keeps its chat. Messages stay in the lists of this API.',
    ].join(' '),
    permission: 'messages.send',
    audit: 'chat.deleted',
    input: { chat: Type.String(), last: reference },
    params,
    answer: done,
    data: chatData,
    errors: errorsWithMessage,
    repeat: 'safe',
    cost: 3,
    timeoutMs: TIMEOUT_MS,
    examples: [{ chat, last: example }],
  }),
  'chats.fetchHistory': definePresented({
    method: 'POST',
    path: '/sessions/:id/chats/:chat/history',
    tag,
    summary: 'Ask the phone for older messages of a chat',
    description: [
      'The phone of the account is asked for what is older than the oldest message of the chat here. It answers while it is on, in seconds to minutes: the event',
      '`history.progress` with this `requestId` tells what was stored, and with `hasMore` whether the phone has older ones still. Ask again then.',
    ].join(' '),
    permission: 'messages.send',
    unaudited: 'it changes nothing',
    input: { first: reference, count: Type.Integer({ minimum: 1 }) },
    params,
    body: nullable(FetchHistoryRequestSchema),
    answer: Type.Object({ requestId: Type.String() }),
    data: FetchedHistorySchema,
    errors: errorsWithMessage,
    repeat: 'safe',
    cost: 2,
    timeoutMs: TIMEOUT_MS,
    examples: [{ first: example, count: HISTORY_ON_REQUEST.default }],
  }),
  'chats.sync': defineOperation({
    method: 'POST',
    path: '/sessions/:id/chats/sync',
    tag,
    summary: 'Read what has changed of chats and labels',
    description: [
      'What the phone and the other devices of the account have archived, pinned, muted, starred, cleared, deleted and labelled comes by itself. This asks WhatsApp',
      'at once, and only for what came after the last answer. `isComplete: true` reads all of it again from its beginning, without events.',
    ].join(' '),
    permission: 'messages.send',
    unaudited: 'it changes nothing',
    input: { isComplete: Type.Optional(Type.Boolean({ default: false })) },
    answer: SyncedChatsSchema,
    errors: CONNECTION_ERRORS,
    repeat: 'safe',
    cost: 2,
    timeoutMs: TIMEOUT_MS,
    examples: [{ isComplete: false }, { isComplete: true }],
  }),
};
