import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { DeletionParamsSchema, DeletionSchema, success } from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { DeletionsService } from './deletions.service.ts';

export interface DeletionsRoutesOptions {
  deletions: DeletionsService;
  guards: Guards;
}

export const deletionsRoutes: FastifyPluginAsyncTypebox<DeletionsRoutesOptions> = async (app, options) => {
  const { deletions, guards } = options;

  app.get(
    '/deletions/:id',
    {
      onRequest: guards({ audience: 'workspace', permission: 'logs.view' }),
      schema: {
        tags: ['Sessions'],
        operationId: 'deletions.get',
        summary: 'How far a deletion is',
        description:
          'Of a session, workspace, user or webhook: in the workspace of the caller, or by the caller. It can be seen for seven days after its end.',
        params: DeletionParamsSchema,
        response: { 200: success(DeletionSchema), ...errorResponses('UNAUTHENTICATED', 'DELETION_NOT_FOUND') },
      },
    },
    async (request) => ok(await deletions.get(principalOf(request), request.params.id)),
  );
};
