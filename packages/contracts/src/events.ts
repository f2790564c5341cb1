import { Type } from 'typebox';
import { anyObject, oneOf } from './schema.ts';

/** Names of the events of a session. Webhooks subscribe to them; `*` means all. */
export const EVENT_TYPES = [
  'message.received',
  'message.sent',
  'message.delivered',
  'message.read',
  'message.played',
  'message.failed',
  'message.undecryptable',
  'message.recovered',
  'connection.open',
  'connection.close',
  'qr.generated',
  'session.status',
  'session.loggedout',
  'session.migrated',
  'session.restricted',
  'session.capped',
  'session.passkey_required',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What a receiver gets. `signature` is the last member: HMAC-SHA256 over the body as it is without that member. */
export const WebhookPayloadSchema = Type.Object(
  {
    id: Type.String({
      description: 'The same for every attempt: what to deduplicate by.',
      examples: ['evt_018f6f3c4d_7'],
    }),
    event: oneOf(EVENT_TYPES),
    timestamp: Type.Integer({ description: 'When it happened, in seconds since 1970.', examples: [1768473000] }),
    sessionId: Type.String({ examples: ['user123-personal'] }),
    seq: Type.Integer({ description: 'Grows by one with each event of the session: order by it.', examples: [4711] }),
    epoch: Type.Integer({
      description: 'Which placement of the session wrote it; 0 for the gateway itself.',
      examples: [9],
    }),
    data: anyObject({ description: 'Depends on the event.' }),
    metadata: anyObject({ description: '`metadata` of the message that was sent, else empty.' }),
    signature: Type.String({ examples: ['sha256=5d41402abc4b2a76b9719d911017c592ae1f3bb8b1d4dd7a92b5a1c6c0a2d3e4'] }),
  },
  { $id: 'WebhookPayload' },
);

const outbound = {
  messageId: Type.String(),
  waMessageId: Type.String(),
  to: Type.String({ description: 'The chat, as WhatsApp names it.' }),
  timestamp: Type.Optional(Type.Integer({ description: 'Seconds since 1970.' })),
};

const received = {
  messageId: Type.String(),
  waMessageId: Type.String(),
  chat: Type.String(),
  chatAlt: Type.Optional(Type.String({ description: 'The same chat in the other addressing (phone number or LID).' })),
  from: Type.String({ description: 'Who wrote it; in groups the participant.' }),
  fromMe: Type.Boolean(),
  senderName: Type.Optional(Type.String()),
  type: Type.String(),
  text: Type.Optional(Type.String()),
  content: Type.Optional(anyObject()),
  timestamp: Type.Integer(),
};

/** `data` of each event, as far as it is fixed. Members may be added. */
export const EVENT_DATA = {
  'message.received': Type.Object(received),
  'message.sent': Type.Object(outbound, { description: "WhatsApp's server has acknowledged it." }),
  'message.delivered': Type.Object(outbound),
  'message.read': Type.Object(outbound),
  'message.played': Type.Object(outbound),
  'message.failed': Type.Object({
    ...outbound,
    errorCode: Type.String(),
    error: Type.String(),
    state: Type.Optional(Type.String({ description: '`unknown`: it may have been sent.' })),
  }),
  'message.undecryptable': Type.Object(received, {
    description:
      'A message came and cannot be read. WhatsApp was asked to send it again; `message.recovered` follows if that helps.',
  }),
  'message.recovered': Type.Object(received, {
    description:
      'The content of a message that was reported undecryptable. Webhooks that subscribe to `message.received` get it too.',
  }),
  'connection.open': anyObject(),
  'connection.close': anyObject(),
  'qr.generated': anyObject(),
  'session.status': anyObject(),
  'session.loggedout': anyObject(),
  'session.migrated': anyObject({ description: 'Another worker hosts the session now: `reason`, `epoch`.' }),
  'session.restricted': anyObject({
    description:
      'A time-lock: WhatsApp does not let the account begin new chats until `until` (`restricted: true`, `type`), or does again (`restricted: false`).',
  }),
  'session.capped': anyObject({
    description: 'What WhatsApp tells about its cap on new chats: `status`, `used`, `total`, `cycleEndsAt`.',
  }),
  'session.passkey_required': anyObject({
    description: 'Linking waits for a passkey (`step: "passkey"`), or for its confirmation (`step: "confirmation"`).',
  }),
} as const satisfies Record<EventType, unknown>;
