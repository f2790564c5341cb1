import fastifyPlugin from 'fastify-plugin';
import type { GatewayMetrics } from '../metrics.ts';

/** Times every request by its route template, and serves `/metrics` unless the operator does not want it. */
export const metricsPlugin = fastifyPlugin<{ metrics: GatewayMetrics; isServed: boolean }>(
  async (app, { metrics, isServed }) => {
    app.addHook('onResponse', async (request, reply) => {
      metrics.httpDuration.observe(
        { method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode },
        reply.elapsedTime / 1_000,
      );
    });
    if (!isServed) return;
    app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
    );
  },
  { name: 'metrics' },
);
