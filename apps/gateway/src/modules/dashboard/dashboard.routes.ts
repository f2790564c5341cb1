import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  DashboardHistoryQuerySchema,
  DashboardHistorySchema,
  DashboardMetricsQuerySchema,
  DashboardMetricsSchema,
  success,
} from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { type Principal, principalOf } from '../../principal.ts';
import type { DashboardService } from './dashboard.service.ts';
import type { DashboardScope } from './scope.ts';

export interface DashboardRoutesOptions {
  dashboard: DashboardService;
  guards: Guards;
}

const tags = ['Dashboard'];

/** What the caller may see; all of the platform only when an administrator asks for it. */
function scopeOf(principal: Principal, asked: 'workspace' | 'platform' | undefined): DashboardScope {
  if (asked === 'platform') {
    if (principal.isAdministrator) return { workspaceId: null, accountId: null, sessionId: null, isOwnAccount: false };
    throw new ApiError('FORBIDDEN', { message: 'The figures of the platform are for administrators.' });
  }
  const { workspaceId, accountId } = principal;
  const isOwnAccount = principal.kind === 'user' && principal.userId === accountId;
  const sessionId = principal.kind === 'key' ? (principal.session?.id ?? null) : null;
  return { workspaceId, accountId, sessionId, isOwnAccount };
}

/** The v2 brief's dashboard, as figures. */
export const dashboardRoutes: FastifyPluginAsyncTypebox<DashboardRoutesOptions> = async (app, options) => {
  const { dashboard, guards } = options;
  const onRequest = guards({ audience: 'caller', permission: 'logs.view', limits: ['dashboard'] });

  app.get(
    '/dashboard/metrics',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'dashboard.getMetrics',
        summary: 'How things are now',
        querystring: DashboardMetricsQuerySchema,
        response: { 200: success(DashboardMetricsSchema), ...errorResponses() },
      },
    },
    async (request) => ok(await dashboard.metrics(scopeOf(principalOf(request), request.query.scope))),
  );

  app.get(
    '/dashboard/history',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'dashboard.getHistory',
        summary: 'How things were: messages, contacts, failures, response times, usage',
        querystring: DashboardHistoryQuerySchema,
        response: { 200: success(DashboardHistorySchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { scope, by = 'day' } = request.query;
      return ok(await dashboard.history(scopeOf(principalOf(request), scope), by));
    },
  );
};
