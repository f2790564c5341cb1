import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ListWorkerEventsQuerySchema,
  ListWorkerEventsResultSchema,
  success,
  WORKER_EVENT_DAYS,
  WorkerEventSchema,
  WorkerEventStreamQuerySchema,
} from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { takeOver } from '../../http/take-over.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Access, Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { writeEventStream } from './event-stream.ts';
import type { EventStreams } from './event-streams.ts';
import { createLiveFeed } from './live-feed.ts';
import { readPage } from './read-page.ts';
import { openWorkerFeed } from './worker-feed.ts';

export interface WorkerEventsRoutesOptions {
  eventStreams: EventStreams;
  guards: Guards;
}

const tags = ['Workers'];
const ACCESS: Access = { audience: 'administrator' };

const LOG = `Which workers come, go, are drained and removed, in the order of \`seq\`. Kept for ${WORKER_EVENT_DAYS} days. Webhooks and the streams of workspaces have none of it.`;

/** The log of the workers, for administrators. */
export const workerEventsRoutes: FastifyPluginAsyncTypebox<WorkerEventsRoutesOptions> = async (app, options) => {
  const { eventStreams, guards } = options;

  app.get(
    '/admin/events',
    {
      onRequest: guards(ACCESS),
      schema: {
        tags,
        operationId: 'workerEvents.list',
        summary: 'Events of the workers',
        description: `${LOG} Go on with \`cursor\` as the next \`after\`; with \`wait\` the call waits for an event.`,
        querystring: ListWorkerEventsQuerySchema,
        response: { 200: success(ListWorkerEventsResultSchema), ...errorResponses('STREAM_LIMIT') },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const { workspaceId } = principalOf(request);
      const open = () => openWorkerFeed(eventStreams.workers, query, 'begin');
      const { events, ...page } = await readPage(eventStreams, workspaceId, reply, open, query);
      return ok({ events: events.map(({ event }) => event), ...page });
    },
  );

  app.get(
    '/admin/events/stream',
    {
      onRequest: guards(ACCESS),
      config: { isStream: true },
      schema: {
        tags,
        operationId: 'workerEvents.stream',
        summary: 'Events of the workers as they come',
        description: `${LOG} Server-sent events, as \`GET /api/events/stream\` has them, within half a second. A client that comes again sends \`Last-Event-ID\`.`,
        querystring: WorkerEventStreamQuerySchema,
        response: {
          200: { description: 'The events.', content: { 'text/event-stream': { schema: WorkerEventSchema } } },
          ...errorResponses('STREAM_LIMIT'),
        },
      },
    },
    async (request, reply) => {
      const { workers, streams, logger, onSent } = eventStreams;
      const last = request.headers['last-event-id'];
      // A client that comes again repeats the query of the first time, and says how far it came.
      const { after, last: count, ...filter } = request.query;
      const begin = typeof last === 'string' && last !== '' ? { after: last } : { after, last: count };
      const open = streams.open(principalOf(request).workspaceId, 'sse');
      try {
        const live = createLiveFeed({
          feed: await openWorkerFeed(workers, { ...begin, ...filter }, 'now'),
          open,
          async assertAccess() {
            if (!(await request.findCallerAgain!()).isAdministrator) throw new ApiError('FORBIDDEN');
          },
          logger,
          onEvents: (sent) => onSent?.('sse', sent),
        });
        reply.type('text/event-stream').header('cache-control', 'no-store').header('x-accel-buffering', 'no');
        void writeEventStream(takeOver(reply), live, ({ event }) => event);
        return reply;
      } catch (error) {
        open.close();
        throw error;
      }
    },
  );
};
