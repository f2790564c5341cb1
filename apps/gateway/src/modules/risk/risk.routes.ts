import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RiskQuerySchema, SessionParamsSchema, SessionRiskSchema, success } from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import type { RiskService } from './risk.service.ts';

export interface RiskRoutesOptions {
  risk: RiskService;
  directory: SessionDirectory;
  guards: Guards;
}

const DEFAULT_HISTORY = 100;

/** How likely WhatsApp is to restrict the account of a session. */
export const riskRoutes: FastifyPluginAsyncTypebox<RiskRoutesOptions> = async (app, { risk, directory, guards }) => {
  app.get(
    '/sessions/:id/risk',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags: ['Sessions'],
        operationId: 'sessions.getRisk',
        summary: 'How likely WhatsApp is to restrict the account, why, and what to do',
        description:
          'The score is assessed every few minutes, each minute while a broadcast runs or the level is not low, and within seconds of a restriction.',
        params: SessionParamsSchema,
        querystring: RiskQuerySchema,
        response: { 200: success(SessionRiskSchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      return ok(await risk.get(session, request.query.limit ?? DEFAULT_HISTORY));
    },
  );
};
