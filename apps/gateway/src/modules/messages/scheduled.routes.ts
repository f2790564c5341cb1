import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ListScheduledQuerySchema,
  ListScheduledResultSchema,
  MessageParamsSchema,
  MessageSchema,
  MoveScheduledRequestSchema,
  success,
} from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { reachInto, type SessionDirectory } from '../sessions/index.ts';
import type { ScheduledMessages } from './scheduled.ts';

export interface ScheduledRoutesOptions {
  scheduled: ScheduledMessages;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Messages'];

/** Messages that have not begun to leave. */
export const scheduledRoutes: FastifyPluginAsyncTypebox<ScheduledRoutesOptions> = async (app, options) => {
  const { scheduled, directory, guards } = options;

  app.get(
    '/messages/scheduled',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'messages.listScheduled',
        summary: 'Messages that wait for their time, the next one first',
        description:
          'Also those whose time has come and that have not left, because their session was away or is paced. Of an album the message that holds it.',
        querystring: ListScheduledQuerySchema,
        response: { 200: success(ListScheduledResultSchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const { sessionId, ...query } = request.query;
      return ok(await scheduled.list(await reachInto(directory, principalOf(request), sessionId), query));
    },
  );

  app.patch(
    '/messages/:id/schedule',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send' }),
      schema: {
        tags,
        operationId: 'messages.moveScheduled',
        summary: 'Give a scheduled message another time',
        description:
          'As long as it has not begun to leave; an album moves as a whole. Answers with the message as it is then.',
        params: MessageParamsSchema,
        body: MoveScheduledRequestSchema,
        response: { 200: success(MessageSchema), ...errorResponses('MESSAGE_NOT_FOUND', 'MESSAGE_NOT_WAITING') },
      },
    },
    async (request) => ok(await scheduled.move(principalOf(request), request.params.id, request.body)),
  );

  app.post(
    '/messages/:id/cancel',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send' }),
      schema: {
        tags,
        operationId: 'messages.cancel',
        summary: 'Cancel a message that has not left',
        description: [
          'One that is scheduled, or that waits in the queue and of which no attempt has been made. What is cancelled never leaves. When it begins to leave at the',
          'same moment, exactly one of the two happens: 200 with `state: "cancelled"`, or 409 `MESSAGE_NOT_WAITING` with its state. An album is cancelled as a whole.',
        ].join(' '),
        params: MessageParamsSchema,
        response: { 200: success(MessageSchema), ...errorResponses('MESSAGE_NOT_FOUND', 'MESSAGE_NOT_WAITING') },
      },
    },
    async (request) => ok(await scheduled.cancel(principalOf(request), request.params.id)),
  );
};
