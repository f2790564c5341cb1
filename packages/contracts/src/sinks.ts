import { type Static, type TProperties, Type } from 'typebox';
import { oneOf, requestBody } from './schema.ts';

/**
 * Where events go besides HTTP: one entry for each type of endpoint, with what must be known to reach it. Members named
 * in `secrets`, and user and password of `url`, are sealed and never shown again.
 */
interface SinkKind {
  summary: string;
  properties: TProperties;
  secrets: readonly string[];
  example: Record<string, unknown>;
}

/** Names in a template that stand for parts of the event. */
const TEMPLATE = '(?:[^{}\\s]|\\{event\\}|\\{sessionId\\})';
/** A part of a subject between two dots. */
const TOKEN = '(?:[^{}\\s.*>$]|\\{event\\}|\\{sessionId\\})+';
const PLACEHOLDERS = '`{event}` and `{sessionId}` stand for those of the event.';

const url = (pattern: string, description: string, example: string) =>
  Type.String({ pattern, minLength: 8, maxLength: 2_000, description, examples: [example] });

const rabbitmq = {
  url: url(
    '^amqps?://[^/?#\\s]+(?:/[^/?#\\s]*)?$',
    'AMQP 0-9-1 with user and password, and the virtual host as the path.',
    'amqps://wa-gate:the-password@rabbit.example.com/production',
  ),
  exchange: Type.String({
    maxLength: 127,
    pattern: '^[^\\u0000-\\u001f]*$',
    description: 'It must exist. Empty: the default exchange, whose routing keys are names of queues.',
    examples: ['whatsapp'],
  }),
  routingKey: Type.Optional(
    Type.String({
      pattern: `^${TEMPLATE}+$`,
      maxLength: 150,
      description: `${PLACEHOLDERS} Default: \`{event}\`. A message that no queue gets is a failed attempt.`,
      examples: ['whatsapp.{sessionId}.{event}'],
    }),
  ),
};

const nats = {
  url: url(
    '^(?:nats|tls)://[^/?#\\s]+/?$',
    'The server, with user and password or a token before the @. `tls`: refuses a server without TLS.',
    'tls://wa-gate:the-password@nats.example.com:4222',
  ),
  subject: Type.Optional(
    Type.String({
      pattern: `^${TOKEN}(?:\\.${TOKEN})*$`,
      maxLength: 200,
      description: `${PLACEHOLDERS} Default: \`whatsapp.{sessionId}.{event}\`. A stream must take it. Dots in the id of a session become \`_\`.`,
      examples: ['whatsapp.{sessionId}.{event}'],
    }),
  ),
  stream: Type.Optional(
    Type.String({
      pattern: '^[^\\s.*>/\\\\]{1,200}$',
      description: 'The stream that must take it. Default: whichever does.',
      examples: ['WHATSAPP'],
    }),
  ),
  credentials: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 8_000,
      description: 'The text of a `.creds` file, instead of user and password.',
    }),
  ),
};

const kafka = {
  url: url(
    '^kafkas?://[^/?#\\s]+/?$',
    'A broker to begin with. `kafkas`: with TLS. User and password are for SASL.',
    'kafkas://wa-gate:the-password@kafka-1.example.com:9093',
  ),
  brokers: Type.Optional(
    Type.Array(Type.String({ pattern: '^[^/?#@:,\\s]{1,253}:[0-9]{1,5}$', examples: ['kafka-2.example.com:9093'] }), {
      maxItems: 9,
      uniqueItems: true,
      description: 'Further brokers to begin with, as `host:port`.',
    }),
  ),
  topic: Type.String({
    pattern: '^[A-Za-z0-9._-]{1,249}$',
    description: 'It must exist. The key of a message is the id of its session.',
    examples: ['whatsapp-events'],
  }),
  mechanism: Type.Optional(
    oneOf(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], 'Of SASL, when the URL has a user. Default: SCRAM-SHA-512.'),
  ),
};

const sqs = {
  url: url(
    '^https?://[^/?#@\\s]+/[^?#\\s]+$',
    'The URL of the queue. A queue that ends in `.fifo` keeps the order of each session.',
    'https://sqs.eu-central-1.amazonaws.com/123456789012/whatsapp.fifo',
  ),
  region: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9-]{2,40}$',
      description: 'Default: that of the URL.',
      examples: ['eu-central-1'],
    }),
  ),
  accessKeyId: Type.String({ pattern: '^[\\x21-\\x7e]{1,128}$', description: 'With the right `sqs:SendMessage`.' }),
  secretAccessKey: Type.String({ pattern: '^[\\x21-\\x7e]{1,256}$' }),
};

const redis = {
  url: url(
    '^rediss?://[^/?#\\s]+(?:/[0-9]{0,3})?$',
    'The server, with user and password, and the number of the database as the path. `rediss`: with TLS.',
    'rediss://wa-gate:the-password@redis.example.com:6380/0',
  ),
  stream: Type.Optional(
    Type.String({
      pattern: `^${TEMPLATE}+$`,
      maxLength: 250,
      description: `The key of the stream. ${PLACEHOLDERS} Default: \`whatsapp:events\`.`,
      examples: ['whatsapp:{sessionId}'],
    }),
  ),
  maxLength: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000_000,
      description: 'Old entries go when there are about so many more. Default: none goes.',
      examples: [1_000_000],
    }),
  ),
};

const sink = <const P extends TProperties>(kind: Omit<SinkKind, 'properties'> & { properties: P }) => kind;

export const SINKS = {
  rabbitmq: sink({
    summary: 'RabbitMQ: an exchange, with publisher confirms.',
    properties: rabbitmq,
    secrets: [],
    example: { url: 'amqps://wa-gate:the-password@rabbit.example.com/production', exchange: 'whatsapp' },
  }),
  nats: sink({
    summary: 'NATS: a subject that a JetStream stream takes.',
    properties: nats,
    secrets: ['credentials'],
    example: { url: 'tls://wa-gate:the-password@nats.example.com:4222', subject: 'whatsapp.{sessionId}.{event}' },
  }),
  kafka: sink({
    summary: 'Kafka: a topic, acknowledged by all replicas that are in sync.',
    properties: kafka,
    secrets: [],
    example: { url: 'kafkas://wa-gate:the-password@kafka-1.example.com:9093', topic: 'whatsapp-events' },
  }),
  sqs: sink({
    summary: 'Amazon SQS: a queue.',
    properties: sqs,
    secrets: ['secretAccessKey'],
    example: {
      url: 'https://sqs.eu-central-1.amazonaws.com/123456789012/whatsapp.fifo',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'EXAMPLE-of-the-secret-access-key',
    },
  }),
  redis: sink({
    summary: 'Redis: a stream.',
    properties: redis,
    secrets: [],
    example: { url: 'rediss://wa-gate:the-password@redis.example.com:6380/0', stream: 'whatsapp:events' },
  }),
} as const;

export type SinkType = keyof typeof SINKS;
export const SINK_TYPES = Object.keys(SINKS) as SinkType[];
export const isSinkType = (type: string): type is SinkType => Object.hasOwn(SINKS, type);

type PropertiesOf<T extends SinkType> = (typeof SINKS)[T]['properties'];

/** What is known of an endpoint of each type, the type itself included. */
export type SinkConfiguration = {
  [T in SinkType]: { type: T } & Static<ReturnType<typeof Type.Object<PropertiesOf<T>>>>;
}[SinkType];

/** Members of any configuration, in a request that changes one. The schema of the type follows when it is known. */
export interface SinkMembers {
  exchange?: string;
  routingKey?: string;
  subject?: string;
  stream?: string;
  credentials?: string;
  brokers?: string[];
  topic?: string;
  mechanism?: string;
  region?: string;
  accessKeyId?: string;
  secretAccessKey?: string;
  maxLength?: number;
}

const ofType = (type: string) =>
  `Of \`${type}\`. Name all of its configuration: \`url\` and what belongs to it replace the present one.`;
const text = (type: string) => Type.Optional(Type.String({ maxLength: 8_000, description: ofType(type) }));

export const SINK_MEMBERS = {
  exchange: text('rabbitmq'),
  routingKey: text('rabbitmq'),
  subject: text('nats'),
  stream: text('nats` and `redis'),
  credentials: text('nats'),
  brokers: Type.Optional(Type.Array(Type.String({ maxLength: 300 }), { maxItems: 9, description: ofType('kafka') })),
  topic: text('kafka'),
  mechanism: text('kafka'),
  region: text('sqs'),
  accessKeyId: text('sqs'),
  secretAccessKey: text('sqs'),
  maxLength: Type.Optional(Type.Integer({ minimum: 1, description: ofType('redis') })),
} satisfies Record<keyof SinkMembers, unknown>;

/** The part of an endpoint that must be known to reach it, for one type. Unknown members are refused. */
export const sinkConfigurationSchema = (type: SinkType) => {
  const { properties, example, summary } = SINKS[type];
  return requestBody({ type: oneOf([type]), ...(properties as TProperties) }, { type, ...example }, summary);
};

/** A URL as it may be shown: without user, password and query. */
export function shownUrl(text: string): string {
  const parsed = new URL(text);
  parsed.username = '';
  parsed.password = '';
  parsed.search = '';
  parsed.hash = '';
  return parsed.href;
}
