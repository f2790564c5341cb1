import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ActedOnMessageSchema, MessageParamsSchema, operationOf, success } from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { MessagesService } from '../messages/index.ts';
import type { MessageActions } from './message-actions.ts';

export interface MessageActionsRoutesOptions {
  messages: Pick<MessagesService, 'record'>;
  messageActions: MessageActions;
  guards: Guards;
}

const { errors } = operationOf('messages.markRead');

/** The operations on messages, for one message by its id alone. */
export const messageActionsRoutes: FastifyPluginAsyncTypebox<MessageActionsRoutesOptions> = async (app, options) => {
  const { messages, messageActions, guards } = options;
  type Act = (
    message: Awaited<ReturnType<MessagesService['record']>>,
    request: FastifyRequest,
  ) => ReturnType<MessageActions['markRead']>;
  const ROUTES: readonly ['post' | 'delete', path: string, operationId: string, summary: string, act: Act][] = [
    [
      'post',
      'read',
      'messages.readOne',
      'Mark a message as read',
      (message, request) => messageActions.markRead(message, request),
    ],
    [
      'post',
      'played',
      'messages.playOne',
      'Mark a voice message or video as played',
      (message, request) => messageActions.markPlayed(message, request),
    ],
    [
      'post',
      'star',
      'messages.starOne',
      'Star a message',
      (message, request) => messageActions.star(message, true, request),
    ],
    [
      'delete',
      'star',
      'messages.unstarOne',
      'Take the star of a message away',
      (message, request) => messageActions.star(message, false, request),
    ],
  ];
  for (const [method, path, operationId, summary, act] of ROUTES) {
    app[method](
      `/messages/:id/${path}`,
      {
        config: { isLive: true },
        onRequest: guards({ audience: 'caller', permission: 'messages.send' }),
        schema: {
          tags: ['Messages'],
          operationId,
          summary,
          description: `As POST /api/sessions/{id}/messages/${path}, for one message.`,
          params: MessageParamsSchema,
          response: { 200: success(ActedOnMessageSchema), ...errorResponses(...errors, 'MESSAGE_NOT_SENT') },
        },
      },
      async (request) => ok(await act(await messages.record(principalOf(request), request.params.id), request)),
    );
  }
};
