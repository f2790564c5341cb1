import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ChatParamsSchema,
  ListAllChatMessagesQuerySchema,
  ListAllChatsQuerySchema,
  ListChatMessagesQuerySchema,
  ListChatsQuerySchema,
  ListChatsResultSchema,
  ListLabelsResultSchema,
  ListMessagesResultSchema,
  ListStarredQuerySchema,
  ListStarredResultSchema,
  SessionChatParamsSchema,
  SessionParamsSchema,
  success,
} from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { type Reach, reachInto, type SessionDirectory } from '../sessions/index.ts';
import type { ChatsService } from './chats.service.ts';

export interface ChatsRoutesOptions {
  chats: ChatsService;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Chats'];
const HOW = [
  'A chat with a person is one, whatever names WhatsApp has for it. `unreadCount` falls to 0 when the account says something in the chat or reads it, here or',
  'on its phone. A chat that the account has deleted comes back with its next message. A message that waits to be sent, or that WhatsApp has refused, is not the last one.',
].join(' ');

export const chatsRoutes: FastifyPluginAsyncTypebox<ChatsRoutesOptions> = async (app, options) => {
  const { chats, directory, guards } = options;

  const reach = (request: FastifyRequest, sessionId: string | undefined): Promise<Reach> =>
    reachInto(directory, principalOf(request), sessionId);

  app.get(
    '/chats',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'chats.listAll',
        summary: 'Chats of all sessions, the latest first',
        description: `${HOW} With a session key only those of its session.`,
        querystring: ListAllChatsQuerySchema,
        response: { 200: success(ListChatsResultSchema), ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const { sessionId, ...query } = request.query;
      return ok(await chats.list(await reach(request, sessionId), query));
    },
  );

  app.get(
    '/sessions/:id/chats',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'chats.list',
        summary: 'Chats of a session, the latest first',
        description: HOW,
        params: SessionParamsSchema,
        querystring: ListChatsQuerySchema,
        response: { 200: success(ListChatsResultSchema), ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND') },
      },
    },
    async (request) => ok(await chats.list(await reach(request, request.params.id), request.query)),
  );

  app.get(
    '/chats/:chat/messages',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'chats.messagesOfAll',
        summary: 'Messages of a chat, newest first',
        description:
          'Of all sessions that have the chat. The same as `GET /api/messages?chat=`, where an id that no contact has finds nothing.',
        params: ChatParamsSchema,
        querystring: ListAllChatMessagesQuerySchema,
        response: {
          200: success(ListMessagesResultSchema),
          ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND', 'CONTACT_NOT_FOUND', 'INVALID_RECIPIENT'),
        },
      },
    },
    async (request) => {
      const { sessionId, ...query } = request.query;
      return ok(await chats.messages(await reach(request, sessionId), { ...query, ...request.params }));
    },
  );

  app.get(
    '/sessions/:id/chats/:chat/messages',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'chats.messages',
        summary: 'Messages of a chat of a session, newest first',
        params: SessionChatParamsSchema,
        querystring: ListChatMessagesQuerySchema,
        response: {
          200: success(ListMessagesResultSchema),
          ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND', 'CONTACT_NOT_FOUND', 'INVALID_RECIPIENT'),
        },
      },
    },
    async (request) => {
      const { id, chat } = request.params;
      return ok(await chats.messages(await reach(request, id), { ...request.query, chat }));
    },
  );

  app.get(
    '/sessions/:id/labels',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags: ['Labels'],
        operationId: 'labels.list',
        summary: 'Labels of WhatsApp Business of a session',
        description:
          'As they were told last; nothing is asked of WhatsApp. `GET /api/chats?label=` lists the chats that have one.',
        params: SessionParamsSchema,
        response: { 200: success(ListLabelsResultSchema), ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND') },
      },
    },
    async (request) => ok(await chats.labels(await directory.resolve(principalOf(request), request.params.id))),
  );

  app.get(
    '/sessions/:id/messages/starred',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags: ['Messages'],
        operationId: 'messages.starred',
        summary: 'Messages of a session with a star, newest first',
        description: 'Whichever device of the account has starred them. Those that are not known here are left out.',
        params: SessionParamsSchema,
        querystring: ListStarredQuerySchema,
        response: { 200: success(ListStarredResultSchema), ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      return ok(await chats.starred(session, request.query));
    },
  );
};
