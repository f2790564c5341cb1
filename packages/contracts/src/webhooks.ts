import { type Static, type TObject, type TOptional, type TProperties, type TSchema, Type } from 'typebox';
import { EVENT_TYPES } from './events/index.ts';
import { PaginationSchema, pageQuery } from './paging.ts';
import { anyObject, line, nullable, oneOf, requestBody, timestamp } from './schema.ts';
import { SINK_MEMBERS, SINK_TYPES, SINKS, type SinkConfiguration, type SinkMembers } from './sinks.ts';

const url = Type.String({ minLength: 8, maxLength: 2_000, examples: ['https://example.com/whatsapp'] });
const events = Type.Array(oneOf([...EVENT_TYPES, '*']), {
  minItems: 1,
  maxItems: 100,
  uniqueItems: true,
  description: 'Names of events, or `*` for all (the default).',
});
const secret = Type.String({
  minLength: 16,
  maxLength: 200,
  pattern: '^[\\x21-\\x7e]+$',
  description: 'Signs the deliveries. Made when absent: `whsec_` and base64 of 32 random bytes.',
});

export const WebhookRequestSchema = requestBody(
  { url, events: Type.Optional(events), secret: Type.Optional(secret) },
  { url: 'https://example.com/whatsapp', events: ['message.received', 'message.delivered'] },
);
export type WebhookRequest = Static<typeof WebhookRequestSchema>;

export const WebhookSchema = Type.Object({
  url: Type.String(),
  events: Type.Array(Type.String()),
  isActive: Type.Boolean({ description: 'false after the receiver answered 410; PUT the webhook again to go on.' }),
  lastDelivery: nullable(timestamp()),
  failureCount: Type.Integer({ description: 'Failed attempts since the last success.' }),
  createdAt: timestamp(),
});
export type Webhook = Static<typeof WebhookSchema>;

/** A webhook with its secret, which is shown only when it is set. */
export const WebhookWithSecretSchema = Type.Object({
  ...WebhookSchema.properties,
  secret: Type.String({ description: 'Shown in the answers that set the webhook, and never when it is read.' }),
});

/** The kinds of chats that a webhook may ask for. */
export const CHAT_TYPES = ['user', 'group', 'channel', 'status', 'broadcast'] as const;
export type ChatType = (typeof CHAT_TYPES)[number];

/** Webhooks of one session, and webhooks of one workspace for all of its sessions, at most. */
export const MAX_WEBHOOKS = 20;
/** Seconds for which the secret before a rotation goes on signing. */
export const SECRET_OVERLAP_SECONDS = 86_400;
const LONGEST_SECRET_OVERLAP_SECONDS = 7 * 86_400;
/** Waiting events of one session that are counted for an answer, at most. */
export const MAX_COUNTED_BACKLOG = 10_000;
const MAX_HEADERS = 20;
/** Bytes of an answer to a test that are shown, at most. */
export const MAX_SHOWN_ANSWER_BYTES = 1_024;

const filters = {
  events,
  chatTypes: nullable(
    Type.Array(oneOf(CHAT_TYPES), {
      minItems: 1,
      maxItems: CHAT_TYPES.length,
      uniqueItems: true,
      description: 'Only of chats of these kinds; `null` for all. Events without a chat come all the same.',
      examples: [['user', 'group']],
    }),
  ),
  chats: nullable(
    Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
      minItems: 1,
      maxItems: 200,
      uniqueItems: true,
      description:
        'Only of these chats: phone numbers in any spelling, or jids of people, groups and channels; `null` for all. Events without a chat come all the same.',
      examples: [['+6281234567890', '120363041234567890@g.us']],
    }),
  ),
};
const name = nullable(line({ maxLength: 200, description: 'Yours, to tell one from another.', examples: ['CRM'] }));
const metadata = nullable(
  anyObject({ maxProperties: 50, description: 'Yours; comes back in `metadata` of each body. At most 4 096 bytes.' }),
);
const ordering = oneOf(
  ['session', 'chat'],
  '`session` (the default): what the receiver refuses holds up nothing. `chat`: an event waits until the earlier ones of its chat are taken or given up.',
);
const compat = nullable(
  oneOf(
    ['waha'],
    '`waha`: each request has the headers of its signature too (HMAC-SHA512), for receivers written for it.',
  ),
);
const isPaused = Type.Boolean({ description: 'Events wait while it is true, and are sent in order afterwards.' });

const definition = {
  url,
  name,
  ...filters,
  headers: nullable(
    Type.Unsafe<Record<string, string>>({
      type: 'object',
      additionalProperties: { type: 'string', maxLength: 2_000 },
      maxProperties: MAX_HEADERS,
      description:
        'Sent with each attempt, and never shown again. Not those that the request itself needs, such as `Host`, `Content-Type` or `webhook-id`.',
      examples: [{ 'X-Api-Key': 'a key of your own' }],
    }),
  ),
  basicAuth: nullable(
    Type.Object(
      {
        username: Type.String({ minLength: 1, maxLength: 200, pattern: '^[^:\\x00-\\x1f\\x7f]+$' }),
        password: Type.String({ maxLength: 500, pattern: '^[^\\x00-\\x1f\\x7f]*$' }),
      },
      {
        additionalProperties: false,
        description: 'Sent as `Authorization` with each attempt, and never shown again.',
      },
    ),
  ),
  metadata,
  ordering,
  compat,
  isPaused,
};

const optional = <T extends Record<string, TSchema>>(properties: T) =>
  Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, Type.Optional(schema)])) as {
    [K in keyof T]: TOptional<T[K]>;
  };

const { url: address, headers, basicAuth, ...shared } = definition;
const ofEveryType = { ...optional(shared), secret: Type.Optional(secret) };
const ofHttp = { url: address, ...optional({ headers, basicAuth }), ...ofEveryType };
const ofSession = {
  sessionId: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description:
        'The session whose events it gets. Absent: all sessions of the workspace, also those that are created later; with a session key its session.',
      examples: ['user123-personal'],
    }),
  ),
};

/** What an endpoint may be: a URL that is called, or a broker. */
export const WEBHOOK_TYPES = ['http', ...SINK_TYPES] as const;
export type WebhookType = (typeof WEBHOOK_TYPES)[number];

const exampleEndpoint = {
  url: 'https://example.com/whatsapp',
  name: 'CRM',
  events: ['message.received', 'message.delivered'],
  chatTypes: ['user'],
  headers: { 'X-Api-Key': 'a key of your own' },
};

function creationOf(type: WebhookType, more: TProperties): TObject {
  if (type === 'http') {
    const named = { type: Type.Optional(oneOf(WEBHOOK_TYPES, 'What it is sent by. Default: `http`.')) };
    return requestBody({ ...named, ...ofHttp, ...more }, exampleEndpoint, 'A URL that is called for each event.');
  }
  const { properties, example, summary } = SINKS[type];
  const members = { type: oneOf([type]), ...(properties as TProperties), ...ofEveryType, ...more };
  return requestBody(members, { type, ...example, events: ['message.received'] }, summary);
}

const eachType = (more: TProperties): Record<WebhookType, TObject> =>
  Object.fromEntries(WEBHOOK_TYPES.map((type) => [type, creationOf(type, more)])) as Record<WebhookType, TObject>;

/** The name of a request in generated clients, such as `CreateRabbitmqWebhookRequest`. */
const nameOf = (type: WebhookType, of: string): string =>
  `Create${type.charAt(0).toUpperCase()}${type.slice(1)}${of}WebhookRequest`;

/** A choice among the types. Validators are compiled from the schema of each type, not from this choice. */
const oneOfTypes = <T>(schemas: Record<WebhookType, TObject>, of: string) =>
  Type.Unsafe<T>({
    type: 'object',
    discriminator: {
      propertyName: 'type',
      mapping: Object.fromEntries(WEBHOOK_TYPES.map((type) => [type, `#/components/schemas/${nameOf(type, of)}`])),
    },
    oneOf: WEBHOOK_TYPES.map((type) => schemas[type]),
    examples: [exampleEndpoint],
  });

type HttpWebhookRequest = { type?: 'http' } & Static<ReturnType<typeof Type.Object<typeof ofHttp>>>;
type SinkRequest = SinkConfiguration & Static<ReturnType<typeof Type.Object<typeof ofEveryType>>>;
export type CreateWebhookRequest = HttpWebhookRequest | SinkRequest;

/** The requests of `POST /api/webhooks`, and of a session, by type. */
export const CREATE_WEBHOOK_REQUESTS = eachType(ofSession);
export const CREATE_SESSION_WEBHOOK_REQUESTS = eachType({});
export const CreateWebhookRequestSchema = oneOfTypes<CreateWebhookRequest & { sessionId?: string }>(
  CREATE_WEBHOOK_REQUESTS,
  '',
);
export const CreateSessionWebhookRequestSchema = oneOfTypes<CreateWebhookRequest>(
  CREATE_SESSION_WEBHOOK_REQUESTS,
  'Session',
);

/** The requests of each type, by their names in the description of the API. */
export const NAMED_WEBHOOK_REQUESTS = Object.fromEntries(
  WEBHOOK_TYPES.flatMap((type) => [
    [nameOf(type, ''), CREATE_WEBHOOK_REQUESTS[type]],
    [nameOf(type, 'Session'), CREATE_SESSION_WEBHOOK_REQUESTS[type]],
  ]),
);

export const UpdateWebhookRequestSchema = requestBody(
  {
    ...optional(definition),
    ...SINK_MEMBERS,
    isActive: Type.Optional(
      Type.Boolean({
        description: '`false`: nothing is sent, and events are not kept for it. `true`: from now on again.',
      }),
    ),
  },
  { isPaused: true },
);
export type UpdateWebhookRequest = Omit<Static<typeof UpdateWebhookRequestSchema>, keyof SinkMembers> & SinkMembers;

/** The body may be absent: everything has a default. */
export const RotateWebhookSecretRequestSchema = nullable(
  requestBody(
    {
      secret: Type.Optional(secret),
      overlapSeconds: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: LONGEST_SECRET_OVERLAP_SECONDS,
          default: SECRET_OVERLAP_SECONDS,
          description: 'For so long `webhook-signature` has a signature of each secret; 0: of the new one alone.',
        }),
      ),
    },
    { overlapSeconds: 3_600 },
  ),
);
export type RotateWebhookSecretRequest = NonNullable<Static<typeof RotateWebhookSecretRequestSchema>>;

/** The body may be absent: everything has a default. */
export const TestWebhookRequestSchema = nullable(
  requestBody(
    { event: Type.Optional(oneOf(EVENT_TYPES, 'Whose example is sent. Default: the first that the webhook wants.')) },
    { event: 'message.received' },
  ),
);
export type TestWebhookRequest = NonNullable<Static<typeof TestWebhookRequestSchema>>;

/** Accepts any text, so that an invalid id gets the same 404 as an unknown one. */
export const WebhookParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, description: 'Id of the webhook.' }),
});

/**
 * `active`: its events are sent. `failing`: its last attempt has failed. `down`: it takes nothing, and its
 * events wait. `paused`: its events wait. `off`: it gets none.
 */
export const WEBHOOK_STATES = ['active', 'failing', 'down', 'paused', 'off'] as const;

/** A webhook among others, with what became of its events. */
export const WebhookEndpointSchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  sessionId: nullable(Type.String({ description: 'Whose events it gets; `null`: all sessions of the workspace.' })),
  isPrimary: Type.Boolean({ description: 'The one at `/api/sessions/{id}/webhook`.' }),
  type: oneOf(WEBHOOK_TYPES, 'What it is sent by.'),
  name,
  url: Type.String({ description: 'Of a broker without user, password and query.' }),
  configuration: nullable(
    anyObject({ description: 'Of a broker: what was given besides its URL, without secrets. `null` for `http`.' }),
  ),
  ...filters,
  headerNames: Type.Array(Type.String(), { description: 'Names of the headers that are sent with each attempt.' }),
  hasBasicAuth: Type.Boolean(),
  metadata,
  ordering,
  compat,
  state: oneOf(
    WEBHOOK_STATES,
    '`active`: its events are sent. `failing`: its last attempt has failed. `down`: it takes nothing, and its events wait. `paused`: its events wait. `off`: it gets none.',
  ),
  isActive: Type.Boolean({ description: 'false: it is switched off, and events are not kept for it.' }),
  isPaused,
  disabledAt: nullable(timestamp('When it was switched off.')),
  disabledReason: nullable(Type.String({ description: 'Why it was switched off.' })),
  lastDelivery: nullable(timestamp()),
  failureCount: Type.Integer({ description: 'Failed attempts since the last success.' }),
  lastError: nullable(Type.String({ description: 'What was wrong with the last attempt that failed.' })),
  lastErrorAt: nullable(timestamp()),
  failingSince: nullable(timestamp('Since when it takes nothing.')),
  nextProbeAt: nullable(timestamp('When the first event in line is tried again, while it takes nothing.')),
  backlog: Type.Object({
    count: Type.Integer({
      description: `Events that wait for it. Of one session ${MAX_COUNTED_BACKLOG} are counted at most.`,
    }),
    oldestAt: nullable(timestamp('When the oldest of them happened.')),
    oldestAgeSeconds: nullable(Type.Integer()),
  }),
  previousSecretExpiresAt: nullable(timestamp('Until then the secret before the rotation signs as well.')),
  createdAt: timestamp(),
  updatedAt: timestamp(),
});
export type WebhookEndpoint = Static<typeof WebhookEndpointSchema>;

export const WebhookEndpointWithSecretSchema = Type.Object({
  ...WebhookEndpointSchema.properties,
  secret: Type.String({ description: 'Shown in the answers that set it, and never when the webhook is read.' }),
});
export type WebhookEndpointWithSecret = Static<typeof WebhookEndpointWithSecretSchema>;

export const ListWebhooksQuerySchema = Type.Object({
  ...pageQuery,
  sessionId: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'Only those of this session alone.' }),
  ),
});
export const ListSessionWebhooksQuerySchema = Type.Object(pageQuery);
export const ListWebhooksResultSchema = Type.Object({
  webhooks: Type.Array(WebhookEndpointSchema),
  pagination: PaginationSchema,
});

export const TestWebhookResultSchema = Type.Object({
  event: Type.String(),
  id: Type.String({ description: '`webhook-id` of the request.' }),
  isDelivered: Type.Boolean({ description: 'The answer was 2xx, in time.' }),
  statusCode: nullable(Type.Integer({ description: 'Of the answer; `null`: there was none.' })),
  durationMs: Type.Integer(),
  answer: nullable(
    Type.String({ description: `The beginning of the answer, ${MAX_SHOWN_ANSWER_BYTES} bytes at most.` }),
  ),
  error: nullable(Type.String({ description: 'What was wrong.' })),
});
export type TestWebhookResult = Static<typeof TestWebhookResultSchema>;
