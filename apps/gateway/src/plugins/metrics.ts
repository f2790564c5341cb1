import fastifyPlugin from 'fastify-plugin';
import type { GatewayMetrics } from '../metrics/index.ts';

/** Times every request by its route template, and serves `/metrics` unless the operator does not want it. */
export const metricsPlugin = fastifyPlugin<{ metrics: GatewayMetrics; isServed: boolean }>(
  async (app, { metrics, isServed }) => {
    // By method, status and route; looking one up by its labels would sort and join them with each request.
    const series = new Map<string, ReturnType<typeof metrics.httpDuration.labels>>();
    app.addHook('onResponse', (request, reply, done) => {
      const { method } = request;
      const status = reply.statusCode;
      const route = request.routeOptions.url ?? 'none';
      const name = `${method} ${status} ${route}`;
      let found = series.get(name);
      if (!found) {
        found = metrics.httpDuration.labels({ method, route, status });
        series.set(name, found);
      }
      found.observe(reply.elapsedTime / 1_000);
      done();
    });
    if (!isServed) return;
    app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
    );
  },
  { name: 'metrics' },
);
