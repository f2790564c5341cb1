import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox';
import { defaultSessionQuery } from './default-session.ts';
import { type MediaSource, MediaSourceSchema } from './kinds/files.ts';
import { KIND_NAMES, type KindName, kindOf } from './kinds/index.ts';
import { LIMITS } from './limits.ts';
import { timeZone } from './pacing.ts';
import { anyObject, line, oneOf, requestBody } from './schema.ts';

/** The reaction when a connection ends before WhatsApp has acknowledged a message. */
export const ON_UNCERTAIN = ['resend', 'fail'] as const;

/** What a chat can show before a message leaves. */
const TYPING_STATES = ['composing', 'recording'] as const;

/** A preview that the caller makes. */
const LinkPreviewRequestSchema = Type.Object(
  {
    url: Type.Optional(
      Type.String({
        pattern: '^https?://',
        maxLength: 2_048,
        description: 'The link as the text has it. Default: the first one.',
        examples: ['https://example.com/offer'],
      }),
    ),
    title: line({ minLength: 1, maxLength: 200 }),
    description: Type.Optional(line({ maxLength: 400 })),
    thumbnail: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9+/]+={0,2}$',
        maxLength: 65_536,
        description: 'A small JPEG in base64, about 300 pixels wide.',
      }),
    ),
    picture: Type.Optional(
      Type.Unsafe<MediaSource>({
        ...MediaSourceSchema,
        description:
          'A picture that phones show large above the title. It is uploaded to WhatsApp like that of an image message; its thumbnail is made from it. ' +
          'When it cannot be uploaded, the text goes out without it, and the timeline says why.',
        examples: [{ url: 'https://example.com/offer.jpg' }],
      }),
    ),
  },
  { additionalProperties: false },
);
export type LinkPreviewRequest = boolean | Static<typeof LinkPreviewRequestSchema>;

/** How soon a message is to go. */
export const PRIORITIES = ['urgent', 'normal', 'low'] as const;
/** The priority of a request that names none. */
export const DEFAULT_PRIORITY: (typeof PRIORITIES)[number] = 'normal';

const scheduledAt = Type.String({
  minLength: 16,
  maxLength: 35,
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}',
  description:
    'When it is to be sent: ISO 8601 with `Z` or an offset, or the time on a clock of `timeZone`, without an offset. ' +
    `At most ${LIMITS.scheduleDays} days ahead. Scheduled messages of normal priority are paced as bulk messages are.`,
  examples: ['2026-12-24T18:00:00Z'],
});

const zoneOfSchedule = Type.Optional(
  timeZone(
    'Of a `scheduledAt` without an offset. A time that the clock skips is moved forward by as much as the clock is; of one that it shows twice, the first counts.',
  ),
);

/** The time of a message that has one. */
export const scheduleFields = { scheduledAt, timeZone: zoneOfSchedule };

/** When and how soon a message is to go. */
const timing = {
  priority: Type.Optional(
    oneOf(
      PRIORITIES,
      '`urgent` goes before everything else of the session. `low` goes last, and slowly, as a broadcast does. Default: `normal`.',
    ),
  ),
  scheduledAt: Type.Optional(scheduledAt),
  timeZone: zoneOfSchedule,
  expiresAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description:
        'What has not left by then is not sent any more, and ends with `state: "expired"`. Default: it goes out late.',
      examples: ['2026-12-24T20:00:00Z'],
    }),
  ),
};

/** Fonts of a text in a status update, with their numbers at WhatsApp. */
export const STATUS_FONTS = {
  system: 0,
  sans: 1,
  script: 2,
  bold: 6,
  handwritten: 7,
  serif: 8,
  wide: 9,
  typewriter: 10,
} as const;
const FONT_NAMES = Object.keys(STATUS_FONTS) as (keyof typeof STATUS_FONTS)[];

const people = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 128, examples: ['+6281234567890'] }), {
      minItems: 1,
      maxItems: LIMITS.statusAudience,
      description,
    }),
  );

const statusUpdate = Type.Object(
  {
    only: people(
      'These people see it, and nobody else. Default: the contacts with a saved name whom the session knows.',
    ),
    except: people('All of them but these.'),
    backgroundColor: Type.Optional(
      Type.String({
        pattern: '^#[0-9A-Fa-f]{6}$',
        description: 'Behind a text. Default: #1F7A5C.',
        examples: ['#1F7A5C'],
      }),
    ),
    font: Type.Optional(oneOf(FONT_NAMES, 'Of a text. Default: system.')),
  },
  {
    additionalProperties: false,
    description: 'Of a status update (`to: "status"`): who sees it, and how a text looks.',
  },
);

const WA_MESSAGE_ID_PATTERN = '^[0-9A-F]{16,40}$';

const recipient = {
  to: Type.Unsafe<string | number>({
    type: ['string', 'integer'],
    minLength: 1,
    maxLength: 200,
    description:
      '+62…, digits in any spelling (also as a JSON number), a wa.me link, or a jid that ends in @s.whatsapp.net, @c.us, @lid, @g.us (a group) or @newsletter (a channel); `status`: a status update.',
    examples: ['6281234567890@s.whatsapp.net'],
  }),
};

const options = {
  ...timing,
  replyTo: Type.Optional(
    Type.String({
      format: 'uuid',
      description:
        'Our id of the message to quote, of the same session: of this chat, or of another one to reply elsewhere.',
      examples: ['01a1fe67-59c3-7e76-818f-224716029ae9'],
    }),
  ),
  mentions: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 128, examples: ['+6281234567890'] }), {
      minItems: 1,
      maxItems: LIMITS.mentions,
      description:
        'People to mention: phone numbers or jids. Write `@` and the digits of each into the text, where phones show the name.',
    }),
  ),
  mentionAll: Type.Optional(
    Type.Boolean({ description: 'Mentions everybody in the group `to`. The text need not say so.' }),
  ),
  linkPreview: Type.Optional(
    Type.Unsafe<LinkPreviewRequest>({
      anyOf: [{ type: 'boolean' }, LinkPreviewRequestSchema],
      description:
        'Of a text with a link. `true`: the page is read within 4 seconds, from public addresses alone; when that fails, the text goes out without a preview. ' +
        'An object: your own preview. `false` (default): none.',
    }),
  ),
  typing: Type.Optional(
    Type.Object(
      {
        seconds: Type.Integer({ minimum: 1, maximum: LIMITS.typingSeconds, examples: [3] }),
        state: Type.Optional(oneOf(TYPING_STATES, 'Default: composing.')),
      },
      {
        additionalProperties: false,
        description:
          'The chat shows for so long that the account is typing (or recording a voice message) before the message leaves. Other chats do not wait for it.',
      },
    ),
  ),
  status: Type.Optional(statusUpdate),
  waMessageId: Type.Optional(
    Type.String({
      pattern: WA_MESSAGE_ID_PATTERN,
      description:
        'WhatsApp’s id of the message, for those who choose it themselves: 16 to 40 digits of hexadecimal, A to F in capitals. It belongs to one message of the session: a second send with it is answered with the first message when it is the same, and refused otherwise.',
      examples: ['3EB0A1B2C3D4E5F6A7B8C9'],
    }),
  ),
  clientMessageId: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: LIMITS.clientMessageId,
      pattern: '^[^\\u0000-\\u001f]*$',
      description:
        'Your own id of the message. A second send with the same one within 30 days is answered with the first message; ' +
        'like `Idempotency-Key`, but kept longer.',
      examples: ['order-4711-shipped'],
    }),
  ),
  onUncertain: Type.Optional(
    oneOf(
      ON_UNCERTAIN,
      'When the connection ends before WhatsApp has acknowledged the message, nobody knows whether it left. ' +
        '`resend` (default): it goes out again under the same id, and phones show it once. ' +
        '`fail`: it is not sent again, and ends with `status: "failed"`, `state: "unknown"`.',
    ),
  ),
  metadata: Type.Optional(
    anyObject({ maxProperties: 50, description: 'Yours; comes back in the message and its webhooks.' }),
  ),
};

/** A request of any kind: the fields that all have, and those of its kind. */
export type SendRequest = Static<TObject<typeof recipient & typeof options>> & { type?: KindName } & Record<
    string,
    unknown
  >;

/** `POST /api/messages/{id}/forward`. */
export const ForwardRequestSchema = requestBody(
  {
    ...recipient,
    ...timing,
    typing: options.typing,
    clientMessageId: options.clientMessageId,
    onUncertain: options.onUncertain,
    metadata: options.metadata,
  },
  { to: '+6281234567890' },
);

/** The kind of a request without a type. */
export const DEFAULT_KIND: KindName = 'text';

const typeOf = (name: KindName) =>
  name === DEFAULT_KIND ? Type.Optional(oneOf([name], `Default: ${name}.`)) : oneOf([name]);

const mediaUrl = Type.Optional(
  Type.String({
    format: 'uri',
    pattern: '^https?://',
    maxLength: 4096,
    description: 'Another name of `media.url`. Give one of the two.',
    examples: ['https://example.com/photo.jpg'],
  }),
);

/** The fields of a kind under all their names. A field with two names is optional under each. */
function fieldsOf(name: KindName): TProperties {
  const { request, aliases = {}, files = [] } = kindOf(name);
  const hasUrl = files.some(({ list }) => list === undefined);
  const fields = Object.entries(request).flatMap(([field, schema]): [string, TSchema][] => {
    if (hasUrl && field === 'media')
      return [
        [field, Type.Optional(schema)],
        ['mediaUrl', mediaUrl],
      ];
    const other = aliases[field];
    if (other === undefined) return [[field, schema]];
    const description = `Another name of \`${other}\`. Give one of the two.`;
    return [
      [other, Type.Optional(schema)],
      [field, Type.Optional({ ...schema, description })],
    ];
  });
  return Object.fromEntries(fields);
}

/** The first example of a kind, with the field names of its errors. */
function exampleOf(name: KindName): Record<string, unknown> {
  const { aliases = {}, examples } = kindOf(name);
  const { request } = examples[0];
  return Object.fromEntries(Object.entries(request).map(([field, value]) => [aliases[field] ?? field, value]));
}

const sendRequestOf = (name: KindName, more: TProperties = {}) =>
  requestBody(
    { ...recipient, type: typeOf(name), ...fieldsOf(name), ...options, ...more },
    { to: '6281234567890@s.whatsapp.net', type: name, ...exampleOf(name) },
    kindOf(name).summary,
  );

const eachKind = <T>(make: (name: KindName) => T) =>
  Object.fromEntries(KIND_NAMES.map((name) => [name, make(name)])) as Record<KindName, T>;

/** The name of a request in generated clients, such as `SendTextRequest`. */
const nameOf = (name: KindName, from: string): string =>
  `Send${name.charAt(0).toUpperCase()}${name.slice(1)}${from}Request`;

/**
 * A choice among the requests of all kinds. Validators are compiled from the schema of each kind, not from this choice.
 */
const oneOfKinds = (schemas: Record<KindName, TObject>, from = '') =>
  Type.Unsafe<SendRequest>({
    type: 'object',
    discriminator: {
      propertyName: 'type',
      mapping: eachKind((name) => `#/components/schemas/${nameOf(name, from)}`),
    },
    oneOf: KIND_NAMES.map((name) => schemas[name]),
    examples: (schemas[DEFAULT_KIND] as { examples?: unknown[] }).examples,
  });

/** The requests of `POST /api/sessions/{id}/send`, by kind. */
export const SEND_REQUESTS = eachKind((name) => sendRequestOf(name));
export const SendRequestSchema = oneOfKinds(SEND_REQUESTS);

/** `POST /api/messages/send`: the same for the session that the call names, or the caller's default session. */
export const SEND_FROM_DEFAULT_REQUESTS = eachKind((name) => sendRequestOf(name, defaultSessionQuery));
export const SendFromDefaultRequestSchema = oneOfKinds(SEND_FROM_DEFAULT_REQUESTS, 'FromDefault');

/** The requests of each kind, by their names in the description of the API. */
export const NAMED_SEND_REQUESTS = Object.fromEntries(
  KIND_NAMES.flatMap((name) => [
    [nameOf(name, ''), SEND_REQUESTS[name]],
    [nameOf(name, 'FromDefault'), SEND_FROM_DEFAULT_REQUESTS[name]],
  ]),
);

/** What a message says, without to whom: the content of broadcasts and of automatic answers. */
const templateOf = (name: KindName) =>
  requestBody(
    { type: typeOf(name), ...fieldsOf(name) },
    { type: name, ...exampleOf(name) },
    `${kindOf(name).summary} Its texts may have variables, such as \`{{name|friend}}\`.`,
  );

const templateName = (name: KindName): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Template`;

/** The content of a message, by kind. */
export const MESSAGE_TEMPLATES = eachKind(templateOf);

export type MessageTemplate = { type?: KindName } & Record<string, unknown>;

/** A choice among all kinds. Like that of the requests it describes: each kind has its own validator. */
export const MessageTemplateSchema = Type.Unsafe<MessageTemplate>({
  type: 'object',
  discriminator: {
    propertyName: 'type',
    mapping: eachKind((name) => `#/components/schemas/${templateName(name)}`),
  },
  oneOf: KIND_NAMES.map((name) => MESSAGE_TEMPLATES[name]),
  examples: [{ type: 'text', text: 'Hello {{name|friend}}, we open at nine.' }],
});

/** The contents of each kind, by their names in the description of the API. */
export const NAMED_TEMPLATES = Object.fromEntries(
  KIND_NAMES.map((name) => [templateName(name), MESSAGE_TEMPLATES[name]]),
);
