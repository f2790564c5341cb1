import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import {
  CreateEventTicketRequestSchema,
  EVENT_TICKET_SECONDS,
  type EventFilterQuery,
  EventMessageSchema,
  EventPositionSchema,
  EventStreamQuerySchema,
  EventTicketSchema,
  ListEventsQuerySchema,
  ListEventsResultSchema,
  ListSessionEventsQuerySchema,
  type LoggedEvent,
  SessionEventStreamQuerySchema,
  SessionParamsSchema,
  StreamedEventSchema,
  success,
} from '@wa-gate/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { takeOver } from '../../http/take-over.ts';
import { readCredential } from '../../plugins/credentials.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Access, Guards } from '../../plugins/route-access.ts';
import type { StreamTickets } from '../../plugins/stream-tickets.ts';
import { isAllowed, type Principal, principalOf } from '../../principal.ts';
import type { ContactNames } from '../contacts/index.ts';
import { reachOf, type SessionDirectory } from '../sessions/index.ts';
import { type FeedBegin, openFeed } from './event-feed.ts';
import { createEventFilter, type EventFilter, readEventNames } from './event-filter.ts';
import { runEventSocket } from './event-socket.ts';
import { payloadOf, writeEventStream } from './event-stream.ts';
import type { EventStreams } from './event-streams.ts';
import type { FeedScope } from './followed-sessions.ts';
import { createLiveFeed, type LiveFeed } from './live-feed.ts';
import type { StreamKind } from './open-streams.ts';
import { readPage } from './read-page.ts';

export interface EventsRoutesOptions {
  eventStreams: EventStreams;
  names: Pick<ContactNames, 'ofChat'>;
  directory: SessionDirectory;
  tickets: StreamTickets;
  guards: Guards;
}

const tags = ['Events'];
const PERMISSION = 'logs.view';
const READ: Access = { audience: 'caller', permission: PERMISSION };
const STREAM: Access = { ...READ, takesQueryKey: true, takesTicket: true };
const FEED_ERRORS = ['SESSION_NOT_FOUND', 'INVALID_RECIPIENT', 'STREAM_LIMIT'] as const;
const MOST_MESSAGE = 1_024;

const LIST = [
  'The log that webhooks are sent from. Go on with `cursor` as the next `after`; with `wait` the call waits for an event. Over the sessions of a workspace events',
  'come roughly in the order of their time, those of each session exactly by `seq`.',
].join(' ');
const STREAMED = [
  'Server-sent events, unnamed, each with the cursor behind it as its id: a browser that reconnects sends it as `Last-Event-ID`, and the stream goes on where it was.',
  'A comment comes every 20 s without an event. Browsers cannot send headers: they use their cookie, `?ticket=`, or the key of a session as `?apiKey=`.',
].join(' ');
const SOCKET = [
  'A WebSocket with one JSON text for each event, and one with the position first and every 20 s without an event. Go on after a close with `?after=` and the last',
  '`cursor`. It ends with 1008 when the access has ended, with 1012 when this gateway restarts. What clients send is not read.',
].join(' ');

const SocketMessageSchema = Type.Union([EventMessageSchema, EventPositionSchema]);

type Query = EventFilterQuery & { after?: string; sessionId?: string };
type Request = FastifyRequest<{ Querystring: Query }>;

const of = (type: string, schema: TSchema) => ({ description: 'The events.', content: { [type]: { schema } } });

function beginOf(after: string | undefined, absent: FeedBegin): FeedBegin {
  if (after === undefined) return absent;
  return after === 'begin' || after === 'now' ? after : { cursor: after };
}

/** A browser that reconnects repeats the query of the first time, and says in a header how far it came. */
function streamBegin(request: Request): FeedBegin {
  const last = request.headers['last-event-id'];
  return beginOf(typeof last === 'string' && last !== '' ? last : request.query.after, 'now');
}

export const eventsRoutes: FastifyPluginAsyncTypebox<EventsRoutesOptions> = async (app, options) => {
  const { eventStreams, names, directory, tickets, guards } = options;

  await app.register(websocket, {
    options: { maxPayload: MOST_MESSAGE },
    // They end with a word of their own, after which the server closes.
    preClose: (done) => done(),
  });

  /** The session that the call is about: that of the path, the query, the ticket or the key. */
  async function scopeOf(request: Request, named: string | undefined): Promise<FeedScope & { slug?: string }> {
    const principal = principalOf(request);
    const granted = request.grant?.sessionId;
    if (named !== undefined && granted !== undefined && named !== granted) throw new ApiError('SESSION_NOT_FOUND');
    const slug = named ?? granted;
    if (slug === undefined) return reachOf(principal);
    const { id, workspaceId } = await directory.resolve(principal, slug);
    return { workspaceId, sessionId: id, slug };
  }

  async function filterOf(
    { query, grant }: Request,
    { workspaceId }: FeedScope,
    takesLive: boolean,
  ): Promise<EventFilter> {
    const { events, chat } = query;
    return createEventFilter({
      names: [
        events === undefined ? undefined : readEventNames(events, takesLive),
        grant?.events && new Set(grant.events),
      ],
      chat: chat === undefined ? undefined : { given: chat, jids: await names.ofChat(workspaceId, chat) },
    });
  }

  /** Rejects when a call of the same caller would be refused by now. */
  async function assertAccess(request: Request, { workspaceId, slug }: FeedScope & { slug?: string }): Promise<void> {
    const principal: Principal = await request.findCallerAgain!();
    if (principal.workspaceId !== workspaceId && !principal.isAdministrator) throw new ApiError('FORBIDDEN');
    if (!isAllowed(principal, PERMISSION)) throw new ApiError('FORBIDDEN');
    if (slug !== undefined) await directory.resolve(principal, slug);
  }

  async function openLive(request: Request, kind: StreamKind, session: string | undefined): Promise<LiveFeed> {
    const scope = await scopeOf(request, session);
    const filter = await filterOf(request, scope, true);
    const open = eventStreams.streams.open(scope.workspaceId, kind);
    try {
      const feed = await openFeed(eventStreams, scope, filter, streamBegin(request));
      return createLiveFeed({
        feed,
        open,
        assertAccess: () => assertAccess(request, scope),
        logger: eventStreams.logger,
        onEvents: (count) => eventStreams.onSent?.(kind, count),
      });
    } catch (error) {
      open.close();
      throw error;
    }
  }

  async function list(
    request: Request & { query: { limit?: number; wait?: number } },
    reply: FastifyReply,
    session: string | undefined,
  ) {
    const { after } = request.query;
    const scope = await scopeOf(request, session);
    const filter = await filterOf(request, scope, false);
    const open = () => openFeed(eventStreams, scope, filter, beginOf(after, 'begin'));
    const { events, ...page } = await readPage(eventStreams, scope.workspaceId, reply, open, request.query);
    return ok({ events: events.map(payloadOf) as LoggedEvent[], ...page });
  }

  async function stream(request: Request, reply: FastifyReply, session: string | undefined) {
    const live = await openLive(request, 'sse', session);
    reply.type('text/event-stream').header('cache-control', 'no-store').header('x-accel-buffering', 'no');
    void writeEventStream(takeOver(reply), live, payloadOf);
    return reply;
  }

  const noSocket = async () => {
    throw new ApiError('BAD_REQUEST', {
      message:
        'This address is a WebSocket. Connect to it with wss:// (ws:// without TLS), or use the stream beside it.',
    });
  };

  app.get(
    '/events',
    {
      onRequest: guards(READ),
      schema: {
        tags,
        operationId: 'events.list',
        summary: 'Events of all sessions',
        description: `${LIST} With a session key only those of its session.`,
        querystring: ListEventsQuerySchema,
        response: { 200: success(ListEventsResultSchema), ...errorResponses(...FEED_ERRORS) },
      },
    },
    (request, reply) => list(request as never, reply, request.query.sessionId),
  );

  app.get(
    '/sessions/:id/events',
    {
      onRequest: guards(READ),
      schema: {
        tags,
        operationId: 'events.listOfSession',
        summary: 'Events of a session',
        description: LIST,
        params: SessionParamsSchema,
        querystring: ListSessionEventsQuerySchema,
        response: { 200: success(ListEventsResultSchema), ...errorResponses(...FEED_ERRORS) },
      },
    },
    (request, reply) => list(request as never, reply, request.params.id),
  );

  app.get(
    '/events/stream',
    {
      onRequest: guards(STREAM),
      config: { isStream: true },
      schema: {
        tags,
        operationId: 'events.stream',
        summary: 'Events of all sessions as they come',
        description: `${STREAMED} With a session key only those of its session.`,
        querystring: EventStreamQuerySchema,
        response: { 200: of('text/event-stream', StreamedEventSchema), ...errorResponses(...FEED_ERRORS) },
      },
    },
    (request, reply) => stream(request as never, reply, request.query.sessionId),
  );

  app.get(
    '/sessions/:id/events/stream',
    {
      onRequest: guards(STREAM),
      config: { isStream: true },
      schema: {
        tags,
        operationId: 'events.streamOfSession',
        summary: 'Events of a session as they come',
        description: STREAMED,
        params: SessionParamsSchema,
        querystring: SessionEventStreamQuerySchema,
        response: { 200: of('text/event-stream', StreamedEventSchema), ...errorResponses(...FEED_ERRORS) },
      },
    },
    (request, reply) => stream(request as never, reply, request.params.id),
  );

  app.route({
    method: 'GET',
    url: '/events/ws',
    onRequest: guards(STREAM),
    config: { isStream: true },
    schema: {
      tags,
      operationId: 'events.socket',
      summary: 'Events of all sessions over a WebSocket',
      description: `${SOCKET} With a session key only those of its session.`,
      querystring: EventStreamQuerySchema,
      response: { 101: of('application/json', SocketMessageSchema), ...errorResponses(...FEED_ERRORS) },
    },
    preHandler: openSocket(({ query }) => query.sessionId),
    handler: noSocket,
    wsHandler: (socket, request) => runEventSocket(socket, request.liveFeed!),
  });

  app.route({
    method: 'GET',
    url: '/sessions/:id/events/ws',
    onRequest: guards(STREAM),
    config: { isStream: true },
    schema: {
      tags,
      operationId: 'events.socketOfSession',
      summary: 'Events of a session over a WebSocket',
      description: SOCKET,
      params: SessionParamsSchema,
      querystring: SessionEventStreamQuerySchema,
      response: { 101: of('application/json', SocketMessageSchema), ...errorResponses(...FEED_ERRORS) },
    },
    preHandler: openSocket(({ params }) => (params as { id: string }).id),
    handler: noSocket,
    wsHandler: (socket, request) => runEventSocket(socket, request.liveFeed!),
  });

  /** Before the connection is a WebSocket, so that a refusal is an answer of HTTP, as it is for what is none. */
  function openSocket(sessionOf: (request: Request) => string | undefined) {
    return async (request: FastifyRequest): Promise<void> => {
      const session = sessionOf(request as Request);
      if (request.ws) request.liveFeed = await openLive(request as Request, 'websocket', session);
      else await scopeOf(request as Request, session);
    };
  }

  app.post(
    '/events/tickets',
    {
      onRequest: guards(READ),
      schema: {
        tags,
        operationId: 'events.createTicket',
        summary: 'A ticket with which a browser opens a stream',
        description:
          'For pages that hold neither key nor cookie: their backend asks for a ticket with its key, and the page opens the stream with `?ticket=`. It is as powerful as its caller, for streams of events alone.',
        body: CreateEventTicketRequestSchema,
        response: { 200: success(EventTicketSchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const { sessionId, events, seconds = EVENT_TICKET_SECONDS.default } = request.body ?? {};
      if (sessionId !== undefined) await directory.resolve(principalOf(request), sessionId);
      const { ticket, expiresAt } = tickets.issue(readCredential(request, true)!, { sessionId, events }, seconds);
      return ok({ ticket, expiresAt: expiresAt.toISOString() });
    },
  );
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a request that becomes a WebSocket. */
    liveFeed?: LiveFeed;
  }
}
