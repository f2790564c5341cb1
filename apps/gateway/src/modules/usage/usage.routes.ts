import {
  type AdminUsageQuery,
  AdminUsageQuerySchema,
  AdminUsageResultSchema,
  success,
  type UsageQuery,
  UsageQuerySchema,
  UsageResultSchema,
} from '@wa-gate/contracts';
import type { FastifyPluginAsync } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { UsageService } from './usage.service.ts';
import { ADMIN_USAGE_COLUMNS, sendCsv, USAGE_COLUMNS, wantsCsv } from './usage-csv.ts';

export interface UsageRoutesOptions {
  usage: UsageService;
  guards: Guards;
}

/** The same report in both forms. */
const report = (data: TSchema) => ({
  description: 'The usage.',
  content: {
    'application/json': { schema: success(data) },
    'text/csv': { schema: Type.Unsafe<never>({ type: 'string' }) },
  },
});

export const usageRoutes: FastifyPluginAsync<UsageRoutesOptions> = async (app, { usage, guards }) => {
  app.get(
    '/usage',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags: ['Usage and limits'],
        operationId: 'usage.list',
        summary: 'What your account has used',
        description: [
          'Requests and messages by month, session and key. The owner sees everything of the account, other members and workspace keys what belongs to their',
          'workspace, a session key its session. Messages are exact at any time; requests arrive within 10 s.',
        ].join(' '),
        querystring: UsageQuerySchema,
        response: { 200: report(UsageResultSchema), ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN') },
      },
    },
    async (request, reply) => {
      const query = request.query as UsageQuery;
      const found = await usage.own(principalOf(request), query);
      if (wantsCsv(query.format, request.headers.accept)) return sendCsv(reply, found, USAGE_COLUMNS);
      return ok(found);
    },
  );

  app.get(
    '/admin/usage',
    {
      onRequest: guards({ audience: 'administrator' }),
      schema: {
        tags: ['Administration'],
        operationId: 'usage.listAll',
        summary: 'What all accounts have used',
        description: 'As GET /api/usage, by account. As CSV all pages at once.',
        querystring: AdminUsageQuerySchema,
        response: { 200: report(AdminUsageResultSchema), ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN') },
      },
    },
    async (request, reply) => {
      const query = request.query as AdminUsageQuery;
      const isWhole = wantsCsv(query.format, request.headers.accept);
      const found = await usage.all(query, { isWhole });
      return isWhole ? sendCsv(reply, found, ADMIN_USAGE_COLUMNS) : ok(found);
    },
  );
};
