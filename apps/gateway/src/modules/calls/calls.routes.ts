import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ListCallsQuerySchema, ListCallsResultSchema, SessionParamsSchema, success } from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import type { CallsService } from './calls.service.ts';

export interface CallsRoutesOptions {
  calls: CallsService;
  directory: SessionDirectory;
  guards: Guards;
}

/** Calls that came to a session. */
export const callsRoutes: FastifyPluginAsyncTypebox<CallsRoutesOptions> = async (app, { calls, directory, guards }) => {
  app.get(
    '/sessions/:id/calls',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags: ['Calls'],
        operationId: 'calls.list',
        summary: 'Calls that came to the account, the latest first',
        description:
          'What became of each, and the message with which the setting `calls` of the session has answered. Calls that the account makes are not told to this session.',
        params: SessionParamsSchema,
        querystring: ListCallsQuerySchema,
        response: { 200: success(ListCallsResultSchema), ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND') },
      },
    },
    async (request) =>
      ok(await calls.list(await directory.resolve(principalOf(request), request.params.id), request.query)),
  );
};
