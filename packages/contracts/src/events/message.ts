import { type TProperties, Type } from 'typebox';
import { EVENT_RESPONSES } from '../changes/index.ts';
import { EXAMPLE_IDENTITY, IdentitySchema, MessageIdentitiesSchema } from '../identities.ts';
import { MediaSchema } from '../media.ts';
import { messageContext } from '../message-context.ts';
import { MESSAGE_SOURCES, MESSAGE_TYPES } from '../message-types.ts';
import { anyObject, nullable, oneOf } from '../schema.ts';
import { event } from './event.ts';

const identity = {
  messageId: Type.String({ format: 'uuid' }),
  waMessageId: Type.String({ description: 'As WhatsApp names it.' }),
};
/** Absent in events from before there were contacts. */
const identities = Type.Optional(MessageIdentitiesSchema);
const seconds = (description: string) => Type.Integer({ description: `${description} Seconds since 1970.` });

/** The content of a message, in all events of messages. */
const content = {
  chatAlt: Type.Optional(Type.String({ description: 'The same chat in the other addressing (phone number or LID).' })),
  type: oneOf(MESSAGE_TYPES),
  text: Type.Optional(Type.String()),
  content: Type.Optional(anyObject({ description: 'What is not text.' })),
  media: Type.Optional(MediaSchema),
  ...messageContext,
};

const source = Type.Optional(
  oneOf(MESSAGE_SOURCES, 'Of a message of the account: `api`, or `phone` for its phone and other devices.'),
);

const received = {
  ...identity,
  chat: Type.String({ description: 'The chat, as WhatsApp names it.' }),
  from: Type.String({ description: 'Who wrote it; in groups the participant.' }),
  fromMe: Type.Boolean({ description: 'true: it was written on the phone of the account.' }),
  source,
  senderName: Type.Optional(Type.String()),
  ...content,
  timestamp: seconds("WhatsApp's time of the message."),
  identities,
};

/** What all changes of a message have in common. */
const changed = {
  messageId: Type.String({ format: 'uuid', description: 'The message that was changed.' }),
  waMessageId: Type.String({ description: 'The same message as WhatsApp names it.' }),
  changeId: Type.String({ description: "WhatsApp's id of the change itself." }),
  chat: Type.String({ description: 'The chat, as WhatsApp names it.' }),
  chatAlt: content.chatAlt,
  from: Type.String({ description: 'Who changed it; in groups the participant.' }),
  fromMe: Type.Boolean({ description: 'true: the account itself.' }),
  source: Type.Optional(
    oneOf(MESSAGE_SOURCES, 'Of a change by the account: `api`, or `phone` for its phone and other devices.'),
  ),
  senderName: Type.Optional(Type.String()),
  identities,
};
const changedAt = { timestamp: seconds("WhatsApp's time of the change.") };

const receipt = (more: TProperties = {}) =>
  Type.Object({
    ...identity,
    to: Type.String({ description: 'The chat, as WhatsApp names it.' }),
    timestamp: seconds('When it happened.'),
    identities,
    ...more,
  });

const IDS = { messageId: '01a1fe67-59c3-7e76-818f-224716029ae9', waMessageId: '3EB0868FE98849480AD910' };
const CHAT = '15551234567@s.whatsapp.net';
const AT = 1_768_473_000;
const RECEIPT = { ...IDS, to: CHAT, timestamp: AT, identities: { chat: EXAMPLE_IDENTITY } };
const RECEIVED = {
  ...IDS,
  chat: CHAT,
  from: CHAT,
  fromMe: false,
  senderName: 'Ann',
  timestamp: AT,
  identities: { chat: EXAMPLE_IDENTITY, from: EXAMPLE_IDENTITY },
};
const CHANGED = {
  ...IDS,
  changeId: '3EB0C2D3E4F5A6B7C8D9E0',
  chat: CHAT,
  from: CHAT,
  fromMe: false,
  senderName: 'Ann',
  timestamp: AT,
  identities: { chat: EXAMPLE_IDENTITY, from: EXAMPLE_IDENTITY },
};
const HELLO = { ...RECEIVED, type: 'text', text: 'Hello' } as const;

/** Events of messages. */
export const MESSAGE_EVENTS = {
  'message.received': event({
    summary: 'A message came.',
    data: Type.Object(received),
    example: HELLO,
    keep: 'log',
  }),
  'message.sent': event({
    summary: "A message of the account is on its way: WhatsApp's server has acknowledged it, or the phone has sent it.",
    data: Type.Object({
      ...identity,
      to: Type.String({ description: 'The chat, as WhatsApp names it.' }),
      chat: Type.String({ description: 'The same as `to`, under the name that received messages have for it.' }),
      from: Type.Optional(Type.String({ description: 'The account, when the message was written on its phone.' })),
      fromMe: Type.Literal(true),
      source,
      senderName: Type.Optional(Type.String()),
      ...content,
      timestamp: seconds('When WhatsApp took it.'),
      identities,
    }),
    example: { ...RECEIPT, chat: CHAT, fromMe: true, source: 'api', type: 'text', text: 'Hello from API!' },
    keep: 'log',
  }),
  'message.delivered': event({
    summary: 'A device of the recipient has it; in a group, one of each member.',
    data: receipt(),
    example: RECEIPT,
    keep: 'log',
  }),
  'message.read': event({
    summary: 'The recipient has read it; in a group, every member.',
    data: receipt(),
    example: RECEIPT,
    keep: 'log',
  }),
  'message.played': event({
    summary: 'The recipient has played a voice message or a video; in a group, every member.',
    data: receipt(),
    example: RECEIPT,
    keep: 'log',
  }),
  'message.failed': event({
    summary:
      'A message was refused, was cancelled or has expired before it was sent, or nobody knows whether it was sent (`state: "unknown"`).',
    data: Type.Object({
      ...receipt().properties,
      errorCode: Type.String({ description: "WhatsApp's own code, or ours." }),
      error: Type.String({ description: 'A sentence for people.' }),
      state: Type.Optional(
        oneOf(
          ['unknown', 'cancelled', 'expired'] as const,
          '`unknown`: it may have been sent. `cancelled`, `expired`: it never left.',
        ),
      ),
    }),
    example: { ...RECEIPT, errorCode: '463', error: 'WhatsApp does not let this account begin new chats.' },
    keep: 'log',
  }),
  'message.undecryptable': event({
    summary:
      'A message came and cannot be read. WhatsApp was asked to send it again; `message.recovered` follows if that helps.',
    data: Type.Object(received),
    example: { ...RECEIVED, type: 'unknown', content: { kind: 'undecryptable' } },
    keep: 'log',
  }),
  'message.recovered': event({
    summary:
      'The content of a message that was reported undecryptable, or a message that was missed while the session was away. Webhooks that subscribe to `message.received` get it too.',
    data: Type.Object(received),
    example: HELLO,
    keep: 'log',
  }),
  'message.unsupported': event({
    summary:
      'A message came, or was sent on the phone, in a form that this version does not know. It is there, and its content is not.',
    data: Type.Object(received),
    example: { ...RECEIVED, type: 'unknown', content: { kind: 'paymentInviteMessage' } },
    keep: 'log',
  }),
  'message.edited': event({
    summary: 'The author has replaced what a message says. `type`, `text` and `content` are what it says now.',
    data: Type.Object({
      ...changed,
      type: content.type,
      text: content.text,
      content: content.content,
      ...changedAt,
    }),
    example: { ...CHANGED, type: 'text', text: 'Hello again', timestamp: AT },
    keep: 'log',
  }),
  'message.revoked': event({
    summary: 'A message was deleted for everyone, by its author or by an administrator of the group.',
    data: Type.Object({
      ...changed,
      byAdmin: Type.Boolean({ description: 'true: not by its author.' }),
      ...changedAt,
    }),
    example: { ...CHANGED, byAdmin: false, timestamp: AT },
    keep: 'log',
  }),
  'message.deleted': event({
    summary: 'The account has deleted a message for itself, here or on another device. The other side still has it.',
    data: Type.Object({
      chat: changed.chat,
      identities: Type.Optional(Type.Object({ chat: IdentitySchema })),
      messageId: nullable(Type.String({ format: 'uuid', description: 'null: the message is not known here.' })),
      waMessageId: identity.waMessageId,
      fromMe: Type.Boolean({ description: 'true: the account had written it.' }),
      timestamp: seconds("WhatsApp's time of the deletion."),
    }),
    example: { ...IDS, chat: CHAT, identities: { chat: EXAMPLE_IDENTITY }, fromMe: false, timestamp: AT },
    keep: 'log',
  }),
  'message.reaction': event({
    summary: 'Somebody has reacted to a message, or has taken the reaction back.',
    data: Type.Object({
      ...changed,
      emoji: Type.String({ description: 'Empty: the reaction was taken back.' }),
      isRemoved: Type.Boolean({ description: 'true: the reaction was taken back.' }),
      ...changedAt,
    }),
    example: { ...CHANGED, emoji: '👍', isRemoved: false, timestamp: AT },
    keep: 'log',
  }),
  'poll.vote': event({
    summary:
      'Somebody has voted in a poll, has changed the vote, or has withdrawn it. Totals: GET /api/messages/{id}/votes.',
    data: Type.Object({
      ...changed,
      name: Type.Optional(Type.String({ description: 'The question of the poll.' })),
      options: Type.Array(Type.String(), { description: 'All that this person has chosen now. Empty: withdrawn.' }),
      unknownOptions: Type.Optional(
        Type.Array(Type.String(), { description: 'SHA-256 (hex) of options that the poll, as known here, has not.' }),
      ),
      isRemoved: Type.Boolean({ description: 'true: the vote was withdrawn.' }),
      ...changedAt,
    }),
    example: { ...CHANGED, name: 'Lunch at noon?', options: ['Yes'], isRemoved: false, timestamp: AT },
    keep: 'log',
  }),
  'message.answer': event({
    summary: 'Somebody has answered an event, or has changed the answer. Totals: GET /api/messages/{id}/answers.',
    data: Type.Object({
      ...changed,
      name: Type.Optional(Type.String({ description: 'The name of the event.' })),
      response: oneOf(EVENT_RESPONSES),
      extraGuests: Type.Optional(Type.Integer({ description: 'Guests that come along.' })),
      ...changedAt,
    }),
    example: { ...CHANGED, name: 'Dinner', response: 'going', timestamp: AT },
    keep: 'log',
  }),
};
