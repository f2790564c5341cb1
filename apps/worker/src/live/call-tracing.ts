import { isTracing, type Span, startSpan } from '@wa-gate/kit';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Each call of a gateway as a span of the trace that it is a part of. Calls without one, such as probes, are none.
 * Nothing at all while tracing is off.
 */
export function traceCalls(app: FastifyInstance): void {
  if (!isTracing()) return;
  const spans = new WeakMap<FastifyRequest, Span>();

  app.addHook('onRequest', (request, reply, done) => {
    const { traceparent } = request.headers;
    if (typeof traceparent !== 'string') return done();
    const { method } = request;
    const route = request.routeOptions.url ?? 'none';
    const span = startSpan(`${method} ${route}`, {
      kind: 'server',
      parent: traceparent,
    });
    if (!span) return done();
    spans.set(request, span);
    if (span.isRecording) {
      span.set({ 'http.request.method': method, 'http.route': route });
      reply.raw.once('close', () => {
        span.set({ 'http.response.status_code': reply.statusCode });
        if (reply.statusCode >= 500) span.fail({ code: String(reply.statusCode) });
        span.end();
      });
    }
    span.run(done);
  });

  // What reads the body goes on where the socket was read, outside of the span.
  app.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) span.run(done);
    else done();
  });
}
