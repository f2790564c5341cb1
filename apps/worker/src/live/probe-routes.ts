import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { LoadGauges } from '@wa-gate/cluster';
import { ProbeSchema } from '@wa-gate/contracts';
import { answerMetrics, PROOF_HEADERS, type Registry } from '@wa-gate/kit';
import { Type } from 'typebox';

export interface ProbeRoutesOptions {
  workerId: string;
  network: string;
  registry: Registry;
  /** `/metrics` is here, for who shows the token where there is one. @default true */
  servesMetrics?: boolean;
  metricsToken?: string | undefined;
  incarnation: () => number | undefined;
  sessionCount: () => number;
  /** Messages sent and received by this worker. */
  messageCount: () => number;
  /** The last measurement. */
  load: () => Pick<LoadGauges, 'cpuUsage' | 'memoryUsage'>;
  /** A gateway wants to know who answers here: it alone asks for a proof. */
  onGatewayAsks?: () => void;
}

const Health = Type.Object({
  status: Type.Literal('healthy'),
  workerId: Type.String(),
  network: Type.String(),
  incarnation: Type.Union([Type.Integer(), Type.Null()]),
  sessionCount: Type.Integer(),
  cpuUsage: Type.Number(),
  memoryUsage: Type.Number(),
  messageCount: Type.Integer(),
  /** Seconds since the start. */
  uptime: Type.Integer(),
});

/**
 * Probes without authentication. Liveness must not depend on PostgreSQL or Redis: a restart would not bring them back.
 */
export const probeRoutes: FastifyPluginAsyncTypebox<ProbeRoutesOptions> = async (app, options) => {
  const { workerId, network, registry, incarnation, sessionCount, messageCount, load } = options;
  const { servesMetrics = true, metricsToken, onGatewayAsks = () => undefined } = options;

  app.get('/health', { schema: { response: { 200: Health } } }, async ({ headers }) => {
    if (headers[PROOF_HEADERS.nonce] !== undefined) onGatewayAsks();
    return {
      status: 'healthy' as const,
      workerId,
      network,
      incarnation: incarnation() ?? null,
      sessionCount: sessionCount(),
      cpuUsage: load().cpuUsage,
      memoryUsage: load().memoryUsage,
      messageCount: messageCount(),
      uptime: Math.round(process.uptime()),
    };
  });

  app.get('/livez', { schema: { response: { 200: ProbeSchema } } }, async () => ({ status: 'ok' as const }));

  app.get('/readyz', { schema: { response: { 200: ProbeSchema, 503: ProbeSchema } } }, async (_, reply) => {
    if (incarnation() !== undefined) return { status: 'ok' as const };
    return reply.code(503).send({ status: 'unavailable' as const });
  });

  if (!servesMetrics) return;
  app.get('/metrics', async (request, reply) => {
    const { status, contentType, body } = await answerMetrics(registry, metricsToken, request.headers.authorization);
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    return reply.code(status).type(contentType).send(body);
  });
};
