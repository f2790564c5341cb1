import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ListQueuesQuerySchema, ListQueuesResultSchema, success } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { QueuesService } from './queues.service.ts';

export interface QueuesRoutesOptions {
  queues: QueuesService;
  guards: Guards;
}

/** What waits, by the names of the v2 brief. */
export const queuesRoutes: FastifyPluginAsyncTypebox<QueuesRoutesOptions> = async (app, { queues, guards }) => {
  app.get(
    '/queues',
    {
      onRequest: guards({ audience: 'caller', permission: 'system.manage' }),
      schema: {
        tags: ['Dashboard'],
        operationId: 'queues.list',
        summary: 'What waits in the queues',
        description:
          'For the owner of the workspace, and with `scope=platform` for administrators. With a session key only of its session.',
        querystring: ListQueuesQuerySchema,
        response: { 200: success(ListQueuesResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const isPlatform = request.query.scope === 'platform';
      if (isPlatform && !principal.isAdministrator)
        throw new ApiError('FORBIDDEN', { message: 'The queues of the platform are for administrators.' });
      const sessionId = principal.kind === 'key' ? (principal.session?.id ?? null) : null;
      const scope = isPlatform
        ? { workspaceId: null, sessionId: null }
        : { workspaceId: principal.workspaceId, sessionId };
      return ok(await queues.list(scope));
    },
  );
};
