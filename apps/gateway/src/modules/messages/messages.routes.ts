import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  EventAnswersSchema,
  ListAllMessagesQuerySchema,
  ListMessageChangesResultSchema,
  ListMessagesQuerySchema,
  ListMessagesResultSchema,
  MessageParamsSchema,
  MessageReceiptsResultSchema,
  MessageSchema,
  PollVotesSchema,
  SessionParamsSchema,
  success,
  TimelineSchema,
} from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { reachOf, type SessionDirectory } from '../sessions/index.ts';
import { type ChangeRoutesOptions, changeRoutes } from './change.routes.ts';
import type { MessagesService } from './messages.service.ts';
import { type SendRoutesOptions, sendRoutes } from './send.routes.ts';

export interface MessagesRoutesOptions extends SendRoutesOptions, ChangeRoutesOptions {
  messages: MessagesService;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Messages'];

export const messagesRoutes: FastifyPluginAsyncTypebox<MessagesRoutesOptions> = async (app, options) => {
  const { messages, directory, guards } = options;

  await app.register(sendRoutes, options);
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
    async (request) => {
      const { id, workspaceId } = await directory.resolve(principalOf(request), request.params.id);
      return ok(await messages.list({ workspaceId, sessionId: id }, request.query));
    },
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
      const principal = principalOf(request);
      const { sessionId, ...query } = request.query;
      const named = sessionId === undefined ? undefined : await directory.resolve(principal, sessionId);
      return ok(
        await messages.list(
          named ? { workspaceId: named.workspaceId, sessionId: named.id } : reachOf(principal),
          query,
        ),
      );
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
};
