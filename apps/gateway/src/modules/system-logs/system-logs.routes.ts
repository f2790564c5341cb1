import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { LIMITS, ListSystemLogsQuerySchema, ListSystemLogsResultSchema, success } from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import type { SystemLog } from './system-log.ts';

export interface SystemLogsRoutesOptions {
  systemLog: SystemLog;
  guards: Guards;
}

export const systemLogsRoutes: FastifyPluginAsyncTypebox<SystemLogsRoutesOptions> = async (app, options) => {
  const { systemLog, guards } = options;

  app.get(
    '/admin/logs',
    {
      onRequest: guards({ audience: 'administrator' }),
      schema: {
        tags: ['Administration'],
        operationId: 'systemLogs.list',
        summary: 'Warnings and errors of all processes',
        description:
          'Newest first, seconds after they were written. Kept as long as the operator has set (SYSTEM_LOG_RETENTION_DAYS, 30 by default). Everything is on the standard output of the processes too.',
        querystring: ListSystemLogsQuerySchema,
        response: { 200: success(ListSystemLogsResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = LIMITS.pageDefault, ...filter } = request.query;
      const { entries, nextCursor } = await systemLog.list({ ...filter, limit });
      return ok({ logs: entries, pagination: { nextCursor, hasMore: nextCursor !== null } });
    },
  );
};
