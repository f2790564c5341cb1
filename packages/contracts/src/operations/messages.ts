import { Type } from 'typebox';
import { ActedOnMessagesSchema } from '../message-actions.ts';
import { CONNECTION_ERRORS, definePresented } from './operation.ts';

/** Milliseconds. WhatsApp answers a change of the account's settings at once, or not at all. */
const TIMEOUT_MS = 15_000;

/** The most messages of one call. Each star and deletion is a query of its own. */
const MOST = { receipts: 100, settings: 20 } as const;

/** A message as WhatsApp names it. */
export const reference = Type.Object({
  chat: Type.String(),
  id: Type.String(),
  fromMe: Type.Boolean(),
  /** Who wrote it, in a group, a broadcast or the status. */
  participant: Type.Optional(Type.String()),
  /** Seconds since 1970. */
  at: Type.Integer(),
});

const references = (most: number) => ({ messages: Type.Array(reference, { minItems: 1, maxItems: most }) });

const bodyOf = (most: number, verb: string) =>
  Type.Object(
    {
      messageIds: Type.Array(Type.String({ format: 'uuid', examples: ['01a1fe67-59c3-7e76-818f-224716029ae9'] }), {
        minItems: 1,
        maxItems: most,
        description: `Our ids of the messages to ${verb}, of this session.`,
      }),
    },
    { additionalProperties: false, examples: [{ messageIds: ['01a1fe67-59c3-7e76-818f-224716029ae9'] }] },
  );

const done = Type.Object({ count: Type.Integer() });
const errors = [...CONNECTION_ERRORS, 'MESSAGE_NOT_FOUND', 'CHANGE_NOT_POSSIBLE'] as const;
const example = {
  chat: '6281234567890@s.whatsapp.net',
  id: '3EB0A1B2C3D4E5F6A7B8C9',
  fromMe: false,
  at: 1_768_473_000,
};
const unaudited = 'what the account has read or marked for itself; nobody else loses anything by it';

/** What is done to messages for the account itself, or told to their senders. */
export const messages = {
  'messages.markRead': definePresented({
    method: 'POST',
    path: '/sessions/:id/messages/read',
    summary: 'Mark messages as read',
    description:
      'Their senders see the blue ticks, unless the account has switched its read receipts off: then only its own devices learn of it. For messages that came.',
    permission: 'messages.send',
    unaudited,
    input: references(MOST.receipts),
    body: bodyOf(MOST.receipts, 'mark as read'),
    answer: done,
    data: ActedOnMessagesSchema,
    errors,
    repeat: 'safe',
    cost: 1,
    timeoutMs: TIMEOUT_MS,
    examples: [{ messages: [example] }],
  }),
  'messages.markPlayed': definePresented({
    method: 'POST',
    path: '/sessions/:id/messages/played',
    summary: 'Mark voice messages and videos as played',
    description: 'Their senders see it. For messages that came.',
    permission: 'messages.send',
    unaudited,
    input: references(MOST.receipts),
    body: bodyOf(MOST.receipts, 'mark as played'),
    answer: done,
    data: ActedOnMessagesSchema,
    errors,
    repeat: 'safe',
    cost: 1,
    timeoutMs: TIMEOUT_MS,
    examples: [{ messages: [example] }],
  }),
  'messages.star': definePresented({
    method: 'POST',
    path: '/sessions/:id/messages/star',
    summary: 'Star messages, or take the star away',
    description: 'For the account alone; its phone and other devices show it.',
    permission: 'messages.send',
    unaudited,
    input: { ...references(MOST.settings), isStarred: Type.Boolean() },
    body: Type.Object(
      {
        ...bodyOf(MOST.settings, 'star').properties,
        isStarred: Type.Optional(Type.Boolean({ default: true, description: 'false takes the star away.' })),
      },
      { additionalProperties: false, examples: [{ messageIds: ['01a1fe67-59c3-7e76-818f-224716029ae9'] }] },
    ),
    answer: done,
    data: ActedOnMessagesSchema,
    errors,
    repeat: 'safe',
    cost: 2,
    timeoutMs: TIMEOUT_MS,
    examples: [
      { messages: [example], isStarred: true },
      { messages: [example], isStarred: false },
    ],
  }),
  'messages.deleteForMe': definePresented({
    method: 'POST',
    path: '/sessions/:id/messages/delete-for-me',
    summary: 'Delete messages for the account alone',
    description:
      'Its phone and other devices do not show them any more; the other side does, and they stay in the lists of this API. `DELETE /api/messages/{id}` deletes for everyone.',
    permission: 'messages.send',
    unaudited,
    input: references(MOST.settings),
    body: bodyOf(MOST.settings, 'delete'),
    answer: done,
    data: ActedOnMessagesSchema,
    errors,
    repeat: 'safe',
    cost: 2,
    timeoutMs: TIMEOUT_MS,
    examples: [{ messages: [example] }],
  }),
};
