import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AutoscalingSchema,
  FleetOperationReportSchema,
  FleetOperationRequestSchema,
  RebalanceResultSchema,
  success,
  WorkerMetricsOfOneSchema,
  WorkerMetricsQuerySchema,
  WorkerMetricsResultSchema,
  WorkerParamsSchema,
} from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { actorOf } from '../audit/index.ts';
import type { AutoscalingService } from './autoscaling.ts';
import type { FleetOperations } from './fleet-operations.ts';
import type { ManualRebalance } from './manual-rebalance.ts';
import type { WorkerMetricsStore } from './worker-metrics.ts';

export interface FleetRoutesOptions {
  workerMetrics: Pick<WorkerMetricsStore, 'read'>;
  fleetOperations: FleetOperations;
  manualRebalance: ManualRebalance;
  autoscaling: AutoscalingService;
  guards: Guards;
}

const tags = ['Workers'];
const DEFAULT_RANGE = '24h';

/** The fleet: its figures, operations on all workers, and how many workers there should be. */
export const fleetRoutes: FastifyPluginAsyncTypebox<FleetRoutesOptions> = async (
  app,
  { workerMetrics, fleetOperations, manualRebalance, autoscaling, guards },
) => {
  const onRequest = guards({ audience: 'administrator' });
  const metricsDescription =
    'Averages over the range, and samples: one per minute for `1h`, per 10 minutes for `24h`, per hour for `7d`, per 6 hours for `30d`. Figures older than 31 days are deleted.';

  app.get(
    '/admin/workers/metrics',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'workers.metrics',
        summary: 'Figures of all workers',
        description: metricsDescription,
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
    '/admin/workers/:id/metrics',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'workers.metricsOfOne',
        summary: 'Figures of one worker',
        description: metricsDescription,
        params: WorkerParamsSchema,
        querystring: WorkerMetricsQuerySchema,
        response: { 200: success(WorkerMetricsOfOneSchema), ...errorResponses('WORKER_NOT_FOUND') },
      },
    },
    async (request) => {
      const { range = DEFAULT_RANGE } = request.query;
      const { intervalSeconds, workers } = await workerMetrics.read(range, request.params.id);
      const [worker] = workers;
      if (!worker) throw new ApiError('WORKER_NOT_FOUND');
      return ok({ range, intervalSeconds, ...worker });
    },
  );

  app.post(
    '/admin/workers/broadcast',
    {
      onRequest,
      config: { audit: 'workers.broadcast' },
      schema: {
        tags,
        operationId: 'fleet.operate',
        summary: 'Ask something of all workers',
        description:
          'Of all that are online, at once, and answered within 5 s with what each has said. `ping`: do they answer. `stats`: what they host and use. `log-level`: what they log until they end. `converge`: compare what they host with what is placed there, now.',
        body: FleetOperationRequestSchema,
        response: { 200: success(FleetOperationReportSchema), ...errorResponses() },
      },
    },
    async (request) => ok(await fleetOperations.ask(request.body, actorOf(request))),
  );

  app.post(
    '/admin/workers/rebalance',
    {
      onRequest,
      config: { audit: 'workers.rebalanced' },
      schema: {
        tags,
        operationId: 'fleet.rebalance',
        summary: 'Rebalance now',
        description:
          'At most five sessions leave workers that have too much to do (processor above 80 %, memory above 90 %, more than 0.9 full) for workers that are below 0.7; when none has, they go from the fullest worker to emptier ones. The same happens by itself for workers with too much to do, at most each 30 s.',
        response: { 200: success(RebalanceResultSchema), ...errorResponses() },
      },
    },
    async (request) => ok(await manualRebalance.now(actorOf(request))),
  );

  app.get(
    '/admin/autoscaling',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'fleet.autoscaling',
        summary: 'How many workers there should be',
        description:
          'By network, with reasons. The same numbers are in GET /metrics as `wag_autoscaling_desired_workers` and others.',
        response: { 200: success(AutoscalingSchema), ...errorResponses() },
      },
    },
    async () => ok(await autoscaling.describe()),
  );
};
