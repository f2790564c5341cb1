import { type Static, Type } from 'typebox';
import { MessageIdentitiesSchema } from './identities.ts';
import { LIMITS } from './limits.ts';
import { MESSAGE_STATES, MESSAGE_STATUSES } from './message-states.ts';
import { nullable, oneOf, requestBody } from './schema.ts';

const clientMessageId = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: LIMITS.clientMessageId,
    pattern: '^[^\\u0000-\\u001f]*$',
    description: 'Your own id of the change. A second one with the same id within 30 days is answered with the first.',
    examples: ['order-4711-corrected'],
  }),
);

export const CHANGE_WAIT_FOR = ['queued', 'sent'] as const;
export type ChangeWaitFor = (typeof CHANGE_WAIT_FOR)[number];

const wait = {
  wait: Type.Optional(oneOf(CHANGE_WAIT_FOR, 'What to wait for before answering. Default: sent.')),
  timeoutMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: LIMITS.waitMaxMs,
      default: LIMITS.waitDefaultMs,
      description: 'How long to wait; after that 202 with the present status.',
    }),
  ),
};

/** The query of a change whose request has a body. */
export const ChangeQuerySchema = Type.Object(wait);

/** The query of a change whose request has none. */
export const BareChangeQuerySchema = Type.Object({ ...wait, clientMessageId });

export const ReactRequestSchema = requestBody(
  {
    emoji: Type.String({
      maxLength: 64,
      description: 'One emoji; empty takes the reaction back.',
      examples: ['👍'],
    }),
    clientMessageId,
  },
  { emoji: '👍' },
);

export const EditMessageRequestSchema = requestBody(
  {
    text: Type.String({
      minLength: 1,
      maxLength: LIMITS.messageText,
      pattern: '\\S',
      description: 'The new text; of an image, a video or a document, the new caption.',
      examples: ['Hello again'],
    }),
    mentions: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 128, examples: ['+6281234567890'] }), {
        minItems: 1,
        maxItems: LIMITS.mentions,
        description: 'People to mention in the new text.',
      }),
    ),
    clientMessageId,
  },
  { text: 'Hello again' },
);

/** For how long a message can be pinned, with the seconds. */
export const PIN_DURATIONS = { '24h': 86_400, '7d': 7 * 86_400, '30d': 30 * 86_400 } as const;
export type PinDuration = keyof typeof PIN_DURATIONS;

/** The body may be absent: everything has a default. */
export const PinRequestSchema = nullable(
  requestBody(
    {
      duration: Type.Optional(
        oneOf(Object.keys(PIN_DURATIONS) as PinDuration[], 'For how long. WhatsApp knows these. Default: 7d.'),
      ),
      clientMessageId,
    },
    { duration: '24h' },
  ),
);

export const DELETE_FOR = ['everyone', 'me'] as const;

export const DeleteMessageQuerySchema = Type.Object({
  ...BareChangeQuerySchema.properties,
  for: Type.Optional(
    oneOf(
      DELETE_FOR,
      '`everyone` (default): WhatsApp deletes it on all phones of the chat. `me`: only for the account, on its phone and its other devices.',
    ),
  ),
});

export const ChangeResultSchema = Type.Object({
  messageId: Type.String({ format: 'uuid', description: 'The message that is changed.' }),
  waMessageId: Type.String({
    description: 'The same message as WhatsApp names it.',
    examples: ['3EB0A1B2C3D4E5F6A7B8C9'],
  }),
  changeId: Type.String({ description: "WhatsApp's id of the change itself.", examples: ['3EB0C2D3E4F5A6B7C8D9E0'] }),
  status: oneOf(
    MESSAGE_STATUSES,
    '`sent`: the server of WhatsApp has acknowledged the change, and the message shows it.',
  ),
  state: oneOf(MESSAGE_STATES, 'The exact state behind the status.'),
  chat: Type.Optional(Type.String({ description: 'The chat as WhatsApp names it.' })),
  identities: Type.Optional(MessageIdentitiesSchema),
  error: Type.Optional(
    Type.Object({
      code: nullable(Type.String({ description: "WhatsApp's own code, or ours." })),
      message: nullable(Type.String()),
    }),
  ),
});
export type ChangeResult = Static<typeof ChangeResultSchema>;

/** Of a deletion: for everyone a change, with its own id; for the account alone there is none. */
export const DeletedMessageSchema = Type.Object({
  ...ChangeResultSchema.properties,
  changeId: Type.Optional(ChangeResultSchema.properties.changeId),
});
