import { type Static, type TProperties, Type } from 'typebox';
import { LIVE_PAYLOADS } from './events/payload.ts';
import { EVENT_TYPES, STREAMED_EVENT_TYPES } from './events/registry.ts';
import { anyObject, nullable, oneOf, requestBody } from './schema.ts';

/** Seconds that a ticket lives. A stream that it has opened goes on. */
export const EVENT_TICKET_SECONDS = { default: 60, most: 300 } as const;
/** Seconds for which `GET /api/events` waits for an event. */
export const EVENT_WAIT_SECONDS = 25;
/** Events of a page. */
export const EVENT_PAGE = { default: 100, most: 500 } as const;
/** Streams of one workspace in one gateway. */
export const EVENT_STREAMS_OF_WORKSPACE = 200;
/** Characters of a cursor. One of a workspace names the sessions that had events in its last minute. */
const CURSOR_LENGTH = 6_000;

const filters = {
  events: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2_000,
      description: 'Names of events with commas between them. Default: all.',
      examples: ['message.received,message.edited'],
    }),
  ),
  chat: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      description: 'Only events of this chat: a number, a jid, a LID, a group, or the id of a contact.',
      examples: ['+6281234567890'],
    }),
  ),
};

const after = (absent: string) => ({
  after: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: CURSOR_LENGTH,
      pattern: '^[A-Za-z0-9_.~-]+$',
      description: `What comes after this cursor. \`begin\`: the oldest event that is kept; \`now\`: the next one. Default: ${absent}.`,
      examples: ['4711'],
    }),
  ),
});

/** How many events a page has, and how long it waits for the first. */
export const pageOfEvents = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: EVENT_PAGE.most, default: EVENT_PAGE.default })),
  wait: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: EVENT_WAIT_SECONDS,
      default: 0,
      description: 'Seconds to wait for an event when there is none.',
    }),
  ),
};

const page = { ...after('`begin`'), ...pageOfEvents };

const streamedEvents = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 2_000,
    description:
      'Names of events with commas between them. Default: all that are kept in the log. `presence.update` and `engine.event` come to who names them.',
    examples: ['message.received,presence.update'],
  }),
);
const stream = {
  ...after('`now`'),
  ticket: Type.Optional(
    Type.String({
      maxLength: 2_000,
      description: 'Of `POST /api/events/tickets`, for browsers, which cannot send headers with a stream.',
    }),
  ),
};

const ofSessions = {
  sessionId: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Only events of this session.' })),
};

const query = <P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: false });

export const ListSessionEventsQuerySchema = query({ ...page, ...filters });
export const ListEventsQuerySchema = query({ ...page, ...ofSessions, ...filters });
export const SessionEventStreamQuerySchema = query({ ...stream, ...filters, events: streamedEvents });
export const EventStreamQuerySchema = query({ ...stream, ...ofSessions, ...filters, events: streamedEvents });
export type EventFilterQuery = Static<ReturnType<typeof query<typeof filters>>>;

/** An event of the log: the payload of a webhook without its signature. */
export const LoggedEventSchema = Type.Object({
  id: Type.String({
    description: 'The same as in webhooks: what to deduplicate by.',
    examples: ['evt_018f6f3c4d_7'],
  }),
  event: oneOf(EVENT_TYPES),
  timestamp: Type.Integer({ description: 'When it happened, in seconds since 1970.', examples: [1768473000] }),
  sessionId: Type.String({ examples: ['user123-personal'] }),
  seq: Type.Integer({ description: 'Grows by one with each event of the session: order by it.', examples: [4711] }),
  epoch: Type.Integer({ description: 'Which placement of the session wrote it; 0 for the gateway itself.' }),
  data: anyObject({ description: 'As in the webhook of the event.' }),
  metadata: anyObject({ description: '`metadata` of the message that was sent, else empty.' }),
});
export type LoggedEvent = Static<typeof LoggedEventSchema>;

export const ListEventsResultSchema = Type.Object({
  events: Type.Array(LoggedEventSchema),
  cursor: Type.String({ description: '`after` of the next call, also when there was no event.' }),
  hasMore: Type.Boolean({ description: 'Whether more was there already.' }),
});

/** An event of a stream: of the log, or one that is not kept. */
export const StreamedEventSchema = Type.Union([
  LoggedEventSchema,
  LIVE_PAYLOADS['presence.update'],
  LIVE_PAYLOADS['engine.event'],
]);
export type StreamedEvent = Omit<LoggedEvent, 'event'> & { event: (typeof STREAMED_EVENT_TYPES)[number] };

/** A message of the WebSocket with an event. */
export const EventMessageSchema = Type.Object({
  type: Type.Literal('event'),
  cursor: nullable(
    Type.String({
      description: '`after` of a stream that goes on behind this event. `null`: that of the last one counts.',
    }),
  ),
  event: StreamedEventSchema,
});

/** A message of the WebSocket without one: the first, and one every 20 s without an event. */
export const EventPositionSchema = Type.Object({
  type: Type.Literal('position'),
  cursor: Type.String({ description: '`after` of a stream that goes on from here.' }),
});

/** The body may be absent: everything has a default. */
export const CreateEventTicketRequestSchema = nullable(
  requestBody(
    {
      sessionId: Type.Optional(
        Type.String({ minLength: 1, maxLength: 64, description: 'The ticket opens streams of this session only.' }),
      ),
      events: Type.Optional(
        Type.Array(oneOf(STREAMED_EVENT_TYPES), {
          minItems: 1,
          maxItems: STREAMED_EVENT_TYPES.length,
          description: 'The ticket shows these events only.',
        }),
      ),
      seconds: Type.Optional(
        Type.Integer({ minimum: 1, maximum: EVENT_TICKET_SECONDS.most, default: EVENT_TICKET_SECONDS.default }),
      ),
    },
    { sessionId: 'user123-personal', seconds: EVENT_TICKET_SECONDS.default },
    'What the ticket is for.',
  ),
);

export const EventTicketSchema = Type.Object({
  ticket: Type.String({ description: 'For `?ticket=` of a stream.' }),
  expiresAt: Type.String({ format: 'date-time' }),
});
