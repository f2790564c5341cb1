import { answerMetrics } from '@wa-gate/kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { GatewayMetrics } from '../metrics/index.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer waits for a worker, or for WhatsApp. */
    isLive?: boolean;
    /** The answer lasts until one side ends it, so its time says nothing. */
    isStream?: boolean;
  }
}

/** How `/metrics` is served on the port of the API. */
export interface MetricsExposition {
  /** `false`: it is elsewhere, or nowhere. */
  isServed: boolean;
  /** What callers must show. Without one nobody is answered: this port is public. */
  token?: string | undefined;
}

const CLOSED =
  'Metrics are not shown on this port without a credential. Set METRICS_PORT for a port of their own, or METRICS_TOKEN.\n';

/** What a request is, for its latency: a histogram of each route would be thousands of series. */
type RequestClass = 'send' | 'live' | 'read' | 'write' | 'probe';

type Answer = Pick<FastifyReply, 'statusCode' | 'elapsedTime'>;
type RouteFacts = Pick<FastifyRequest['routeOptions'], 'method' | 'config' | 'schema'>;

/** Switching Protocols. */
const SWITCHED = 101;
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

const isStream = ({ config }: Pick<RouteFacts, 'config'>): boolean => config?.isStream ?? false;

function classOf({ method, config, schema }: RouteFacts): RequestClass {
  const { operationId = '' } = (schema ?? {}) as { operationId?: string };
  if (operationId.startsWith('messages.send')) return 'send';
  if (config?.isLive) return 'live';
  if (operationId.startsWith('health.') || operationId === '') return 'probe';
  return READING.has(String(method)) ? 'read' : 'write';
}

function outcomeOf(status: number): 'ok' | 'refused' | 'failed' {
  if (status >= 500) return 'failed';
  return status >= 400 ? 'refused' : 'ok';
}

/** Counts and times every request by its route template, and serves `/metrics` where the settings say so. */
export const metricsPlugin = fastifyPlugin<{ metrics: GatewayMetrics; exposition: MetricsExposition }>(
  async (app, { metrics, exposition }) => {
    const { httpRequests, httpAnswers, httpRouteSeconds, httpDuration } = metrics;
    // By method, status and route; looking one up by its labels would sort and join them with each request.
    const series = new Map<string, (seconds: number) => void>();
    const countAnswer = ({ method, routeOptions }: FastifyRequest, { statusCode: status, elapsedTime }: Answer) => {
      const route = routeOptions.url ?? 'none';
      const name = `${method} ${status} ${route}`;
      let count = series.get(name);
      if (!count) {
        const requests = httpRequests.labels({ method, route, status });
        const sum = httpRouteSeconds.labels({ method, route });
        const requestClass = classOf(routeOptions);
        const answers = httpAnswers.labels({ class: requestClass, outcome: outcomeOf(status) });
        const latencies = httpDuration.labels({ class: requestClass });
        const isEndless = isStream(routeOptions);
        count = (seconds) => {
          requests.inc();
          answers.inc();
          if (isEndless) return;
          sum.inc(seconds);
          latencies.observe(seconds);
        };
        series.set(name, count);
      }
      count(elapsedTime / 1_000);
    };
    app.addHook('onRequest', (request, reply, done) => {
      // `onResponse` is not called for clients that go away, and a stream mostly ends so.
      if (isStream(request.routeOptions)) {
        const { raw, headers } = request;
        (headers.upgrade === undefined ? reply.raw : raw.socket).once('close', () => {
          const { statusCode, elapsedTime } = reply;
          // A WebSocket has no answer of Fastify's unless it was refused.
          countAnswer(request, { elapsedTime, statusCode: request.ws && statusCode === 200 ? SWITCHED : statusCode });
        });
      }
      done();
    });
    app.addHook('onResponse', (request, reply, done) => {
      if (!isStream(request.routeOptions)) countAnswer(request, reply);
      done();
    });
    if (!exposition.isServed) return;
    app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
      const { registry } = metrics.instruments;
      const { token } = exposition;
      if (token === undefined) return reply.code(401).type('text/plain; charset=utf-8').send(CLOSED);
      const { status, contentType, body } = await answerMetrics(registry, token, request.headers.authorization);
      if (status === 401) reply.header('www-authenticate', 'Bearer');
      return reply.code(status).type(contentType).send(body);
    });
  },
  { name: 'metrics' },
);
