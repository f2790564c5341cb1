import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AnalyticsQuerySchema,
  MessageStatisticsSchema,
  OverviewSchema,
  SessionStatisticsSchema,
  success,
  UserStatisticsSchema,
  WorkerMetricsQuerySchema,
  WorkerMetricsResultSchema,
} from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import type { FleetServices } from '../workers/index.ts';
import type { AnalyticsService } from './analytics.service.ts';
import { DEFAULT_RANGE } from './figures.ts';

export interface AnalyticsRoutesOptions extends Pick<FleetServices, 'workerMetrics'> {
  analytics: AnalyticsService;
  guards: Guards;
}

const tags = ['Administration'];
const A_MOMENT_OLD = 'Figures are up to five seconds old.';

export const analyticsRoutes: FastifyPluginAsyncTypebox<AnalyticsRoutesOptions> = async (app, options) => {
  const { analytics, workerMetrics, guards } = options;
  const onRequest = guards({ audience: 'administrator' });

  app.get(
    '/admin/analytics',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'analytics.overview',
        summary: 'The installation in figures',
        description: A_MOMENT_OLD,
        response: { 200: success(OverviewSchema), ...errorResponses() },
      },
    },
    async () => ok(await analytics.overview()),
  );

  app.get(
    '/admin/analytics/messages',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'analytics.messages',
        summary: 'Messages of a period, by what became of them',
        description: `Of messages that were accepted or received in the period. The counts are cumulative: a message that was read is among \`delivered\` and \`sent\` too. ${A_MOMENT_OLD}`,
        querystring: AnalyticsQuerySchema,
        response: { 200: success(MessageStatisticsSchema), ...errorResponses() },
      },
    },
    async (request) => ok(await analytics.messages(request.query.range ?? DEFAULT_RANGE)),
  );

  app.get(
    '/admin/analytics/sessions',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'analytics.sessions',
        summary: 'Sessions as they are now, and what was new in a period',
        description: A_MOMENT_OLD,
        querystring: AnalyticsQuerySchema,
        response: { 200: success(SessionStatisticsSchema), ...errorResponses() },
      },
    },
    async (request) => ok(await analytics.sessions(request.query.range ?? DEFAULT_RANGE)),
  );

  app.get(
    '/admin/analytics/workers',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'analytics.workers',
        summary: 'What the workers had to do in a period',
        description: 'The same as `GET /api/admin/workers/metrics`.',
        querystring: WorkerMetricsQuerySchema,
        response: { 200: success(WorkerMetricsResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { range = DEFAULT_RANGE } = request.query;
      return ok({ range, ...(await workerMetrics.read(range)) });
    },
  );

  app.get(
    '/admin/analytics/users',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'analytics.users',
        summary: 'Users by tier, active and new ones',
        description: `Days are days in UTC. ${A_MOMENT_OLD}`,
        response: { 200: success(UserStatisticsSchema), ...errorResponses() },
      },
    },
    async () => ok(await analytics.users()),
  );
};
