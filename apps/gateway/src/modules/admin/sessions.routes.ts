import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AdminSessionDetailSchema,
  AdminSessionParamsSchema,
  LIMITS,
  ListAdminSessionsQuerySchema,
  ListAdminSessionsResultSchema,
  success,
} from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { ok, pagination } from '../../http/envelope.ts';
import { isUuid } from '../../http/uuid.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import type { AllSessions } from './all-sessions.ts';

export interface AllSessionsRoutesOptions {
  allSessions: AllSessions;
  guards: Guards;
}

const tags = ['Administration'];

export const allSessionsRoutes: FastifyPluginAsyncTypebox<AllSessionsRoutesOptions> = async (app, options) => {
  const { allSessions, guards } = options;
  const onRequest = guards({ audience: 'administrator' });

  app.get(
    '/admin/sessions',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'adminSessions.list',
        summary: 'Sessions of all accounts',
        description: 'Newest first. With the internal `id`, administrators may use the other routes of a session.',
        querystring: ListAdminSessionsQuerySchema,
        response: { 200: success(ListAdminSessionsResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { page = 1, limit = LIMITS.pageDefault, ...filter } = request.query;
      const { sessions, total } = await allSessions.list(filter, { offset: (page - 1) * limit, limit });
      return ok({ sessions, pagination: pagination(total, page, limit) });
    },
  );

  app.get(
    '/admin/sessions/:id',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'adminSessions.get',
        summary: 'One session of any account',
        description: 'By its internal `id`: a `sessionId` is unique in its workspace only.',
        params: AdminSessionParamsSchema,
        response: { 200: success(AdminSessionDetailSchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const { id } = request.params;
      const session = isUuid(id) ? await allSessions.find(id) : null;
      if (!session) {
        throw new ApiError('SESSION_NOT_FOUND', {
          message: 'There is no session with this internal id. GET /api/admin/sessions lists them with their `id`.',
        });
      }
      return ok(session);
    },
  );
};
