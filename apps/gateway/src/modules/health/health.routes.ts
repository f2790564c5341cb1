import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { HealthSchema, ProbeSchema } from '@wa-gate/contracts';
import type { HealthService } from './health.service.ts';

export interface HealthRoutesOptions {
  health: HealthService;
}

const tags = ['Health'];
const security: [] = [];

/** State of the whole, for monitors. Health answers carry no envelope. */
export const healthRoutes: FastifyPluginAsyncTypebox<HealthRoutesOptions> = async (app, { health }) => {
  app.get(
    '/health',
    {
      schema: {
        tags,
        security,
        operationId: app.prefix ? 'health.getOfApi' : 'health.get',
        summary: 'State of the gateway and of what it needs',
        response: { 200: HealthSchema, 503: HealthSchema },
      },
    },
    async (_request, reply) => {
      const report = await health.report();
      return reply.code(report.status === 'unhealthy' ? 503 : 200).send(report);
    },
  );
};

/** For orchestrators. */
export const probeRoutes: FastifyPluginAsyncTypebox<HealthRoutesOptions> = async (app, { health }) => {
  // Never asks PostgreSQL or Redis: a restart would not bring them back.
  app.get(
    '/livez',
    {
      schema: {
        tags,
        security,
        operationId: 'health.live',
        summary: 'The process is alive',
        response: { 200: ProbeSchema },
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags,
        security,
        operationId: 'health.ready',
        summary: 'Requests can be answered',
        response: { 200: ProbeSchema, 503: ProbeSchema },
      },
    },
    async (_request, reply) => {
      const isReady = await health.isReady();
      return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ok' : 'unavailable' });
    },
  );
};
