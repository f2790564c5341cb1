import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { HistorySchema, SessionParamsSchema, success } from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import type { HistoryService } from './history.service.ts';

export interface HistoryRoutesOptions {
  history: HistoryService;
  directory: SessionDirectory;
  guards: Guards;
}

/** The chats of before the linking. */
export const historyRoutes: FastifyPluginAsyncTypebox<HistoryRoutesOptions> = async (app, options) => {
  const { history, directory, guards } = options;

  app.get(
    '/sessions/:id/history',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags: ['Sessions'],
        operationId: 'sessions.getHistory',
        summary: 'How far the history of the session has come',
        description:
          'The chats of before the linking, as the setting `history` asks for them. Their messages are in the lists of messages and chats; no `message.received` tells them, but `history.progress` each part.',
        params: SessionParamsSchema,
        response: { 200: success(HistorySchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request) => ok(await history.get(await directory.resolve(principalOf(request), request.params.id))),
  );
};
