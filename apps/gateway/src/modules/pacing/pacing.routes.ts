import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { PacingSchema, SessionParamsSchema, success, UpdatePacingRequestSchema } from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import type { PacingService } from './pacing.service.ts';

export interface PacingRoutesOptions {
  pacing: PacingService;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Sessions'];

/** How fast a session sends what nobody waits for. */
export const pacingRoutes: FastifyPluginAsyncTypebox<PacingRoutesOptions> = async (app, options) => {
  const { pacing, directory, guards } = options;
  const answers = { 200: success(PacingSchema), ...errorResponses('SESSION_NOT_FOUND') };

  app.get(
    '/sessions/:id/pacing',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'sessions.getPacing',
        summary: 'How fast the session sends, and what the next paced message waits for',
        description:
          'Bulk, scheduled and `low` messages and broadcasts are paced. Single messages that are sent at once are not, and go before them.',
        params: SessionParamsSchema,
        response: answers,
      },
    },
    async (request) => ok(await pacing.get(await directory.resolve(principalOf(request), request.params.id))),
  );

  app.patch(
    '/sessions/:id/pacing',
    {
      config: { audit: 'session.pacing_updated' },
      onRequest: guards({ audience: 'workspace', permission: 'system.manage' }),
      schema: {
        tags,
        operationId: 'sessions.updatePacing',
        summary: 'Change how fast the session sends',
        description:
          'What is not given stays as it is. It holds for the next message; `risks` of the answer says what it may cost.',
        params: SessionParamsSchema,
        body: UpdatePacingRequestSchema,
        response: answers,
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      return ok(await pacing.update(actorOf(request), session, request.body));
    },
  );
};
