import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  EventAnswersSchema,
  ExportAllMessagesQuerySchema,
  type ExportFormat,
  ExportMessagesQuerySchema,
  ListAllMessagesQuerySchema,
  ListMessageChangesResultSchema,
  ListMessagesQuerySchema,
  ListMessagesResultSchema,
  MediaSchema,
  MessageParamsSchema,
  MessageReceiptsResultSchema,
  MessageSchema,
  PollVotesSchema,
  SessionParamsSchema,
  success,
  TimelineSchema,
} from '@wa-gate/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { type Reach, reachInto, type SessionDirectory } from '../sessions/index.ts';
import { bulkRoutes } from './bulk.routes.ts';
import { type ChangeRoutesOptions, changeRoutes } from './change.routes.ts';
import type { MessagesService } from './messages.service.ts';
import { type ScheduledRoutesOptions, scheduledRoutes } from './scheduled.routes.ts';
import { type SendRoutesOptions, sendRoutes } from './send.routes.ts';

export interface MessagesRoutesOptions extends SendRoutesOptions, ChangeRoutesOptions, ScheduledRoutesOptions {
  messages: MessagesService;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Messages'];

const file = (type: string, description: string) => ({
  content: { [type]: { schema: Type.Unsafe<never>({ type: 'string', description }) } },
});
const exported = {
  description: 'The messages, newest first.',
  content: {
    ...file('text/csv', 'A header, and a line for each message. No text is a formula for a spreadsheet.').content,
    ...file('application/x-ndjson', 'A message as JSON in each line.').content,
  },
};
const EXPORT_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

export const messagesRoutes: FastifyPluginAsyncTypebox<MessagesRoutesOptions> = async (app, options) => {
  const { messages, directory, guards } = options;

  const reach = (request: FastifyRequest, sessionId: string | undefined): Promise<Reach> =>
    reachInto(directory, principalOf(request), sessionId);

  async function sendFile(reply: FastifyReply, from: Reach, query: Static<typeof ExportMessagesQuerySchema>) {
    const { format = 'csv' } = query;
    const stream = await messages.export(from, query);
    return reply
      .type(EXPORT_TYPES[format])
      .header('content-disposition', `attachment; filename="messages.${format}"`)
      .send(stream as never);
  }

  await app.register(sendRoutes, options);
  await app.register(bulkRoutes, options);
  await app.register(scheduledRoutes, options);
  await app.register(changeRoutes, options);

  app.get(
    '/sessions/:id/messages',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'messages.list',
        summary: 'Messages of a session, newest first',
        params: SessionParamsSchema,
        querystring: ListMessagesQuerySchema,
        response: {
          200: success(ListMessagesResultSchema),
          ...errorResponses('SESSION_NOT_FOUND', 'INVALID_RECIPIENT'),
        },
      },
    },
    async (request) => ok(await messages.list(await reach(request, request.params.id), request.query)),
  );

  app.get(
    '/sessions/:id/messages/export',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'messages.export',
        summary: 'Messages of a session as a file',
        description: 'All that the filters find, newest first, while they are read: of any number.',
        params: SessionParamsSchema,
        querystring: ExportMessagesQuerySchema,
        response: { 200: exported, ...errorResponses('SESSION_NOT_FOUND', 'INVALID_RECIPIENT') },
      },
    },
    async (request, reply) => sendFile(reply, await reach(request, request.params.id), request.query),
  );

  app.get(
    '/messages',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'messages.listAll',
        summary: 'Messages of all sessions, newest first',
        description: 'Those of the workspace; with a session key only those of its session.',
        querystring: ListAllMessagesQuerySchema,
        response: {
          200: success(ListMessagesResultSchema),
          ...errorResponses('SESSION_NOT_FOUND', 'INVALID_RECIPIENT'),
        },
      },
    },
    async (request) => {
      const { sessionId, ...query } = request.query;
      return ok(await messages.list(await reach(request, sessionId), query));
    },
  );

  app.get(
    '/messages/export',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'messages.exportAll',
        summary: 'Messages of all sessions as a file',
        description:
          'All that the filters find, newest first, while they are read: of any number. With a session key only those of its session.',
        querystring: ExportAllMessagesQuerySchema,
        response: { 200: exported, ...errorResponses('SESSION_NOT_FOUND', 'INVALID_RECIPIENT') },
      },
    },
    async (request, reply) => {
      const { sessionId, ...query } = request.query;
      return sendFile(reply, await reach(request, sessionId), query);
    },
  );

  app.get(
    '/messages/:id',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'messages.get',
        summary: 'One message',
        params: MessageParamsSchema,
        response: { 200: success(MessageSchema), ...errorResponses('UNAUTHENTICATED', 'MESSAGE_NOT_FOUND') },
      },
    },
    async (request) => ok(await messages.get(principalOf(request), request.params.id)),
  );

  app.get(
    '/messages/:id/changes',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'messages.changes',
        summary: 'What was done to a message: edits, deletions, reactions, pins, keeping',
        description:
          'Its history, oldest first, with what it said before each edit and deletion. Of a message with very many reactions, the latest 1 000 changes.',
        params: MessageParamsSchema,
        response: {
          200: success(ListMessageChangesResultSchema),
          ...errorResponses('UNAUTHENTICATED', 'MESSAGE_NOT_FOUND'),
        },
      },
    },
    async (request) => ok(await messages.changes(principalOf(request), request.params.id)),
  );

  app.get(
    '/messages/:id/votes',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'messages.votes',
        summary: 'Who has voted in a poll, and for what',
        description:
          'The vote of each person that counts now; changed and withdrawn ones are in the changes of the message.',
        params: MessageParamsSchema,
        response: { 200: success(PollVotesSchema), ...errorResponses('UNAUTHENTICATED', 'MESSAGE_NOT_FOUND') },
      },
    },
    async (request) => ok(await messages.votes(principalOf(request), request.params.id)),
  );

  app.get(
    '/messages/:id/answers',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'messages.answers',
        summary: 'Who has answered an event',
        params: MessageParamsSchema,
        response: { 200: success(EventAnswersSchema), ...errorResponses('UNAUTHENTICATED', 'MESSAGE_NOT_FOUND') },
      },
    },
    async (request) => ok(await messages.answers(principalOf(request), request.params.id)),
  );

  app.get(
    '/messages/:id/receipts',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'messages.receipts',
        summary: 'Who has received and read a message',
        description: [
          'For messages of the account, of the API and of its phone. A message to a group has `status: "delivered"` when every member has it, and `read` when',
          'every member has read it: those who were members when it was sent. People who hide their read receipts never count as readers.',
        ].join(' '),
        params: MessageParamsSchema,
        response: {
          200: success(MessageReceiptsResultSchema),
          ...errorResponses('UNAUTHENTICATED', 'MESSAGE_NOT_FOUND'),
        },
      },
    },
    async (request) => ok(await messages.receipts(principalOf(request), request.params.id)),
  );

  app.get(
    '/messages/:id/timeline',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'messages.timeline',
        summary: 'What has happened to a message, and what it waits for',
        params: MessageParamsSchema,
        response: { 200: success(TimelineSchema), ...errorResponses('UNAUTHENTICATED', 'MESSAGE_NOT_FOUND') },
      },
    },
    async (request) => ok(await messages.timeline(principalOf(request), request.params.id)),
  );

  app.post(
    '/messages/:id/media/retry',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send' }),
      schema: {
        tags,
        operationId: 'messages.fetchMedia',
        summary: 'Fetch the file of a received message, again or at last',
        description: [
          'For a file that is `expired` or `failed`, and for one that is not fetched at arrival (`mediaDownload` of the session). WhatsApp is asked first, then the',
          'phone, which may have it still. The answer does not wait: `media.ready` or `media.failed` follows. A file that is here stays as it is (200).',
        ].join(' '),
        params: MessageParamsSchema,
        response: {
          200: success(MediaSchema),
          202: success(MediaSchema),
          ...errorResponses('UNAUTHENTICATED', 'MESSAGE_NOT_FOUND', 'MEDIA_NOT_FOUND', 'MEDIA_UNREADABLE'),
        },
      },
    },
    async (request, reply) => {
      const media = await messages.fetchFile(principalOf(request), request.params.id);
      return reply.code(media.status === 'ready' ? 200 : 202).send(ok(media));
    },
  );
};
