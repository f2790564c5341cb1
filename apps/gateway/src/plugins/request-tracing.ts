import { isTracing, type Span, startSpan } from '@wa-gate/kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';

/** Asked several times a minute by what watches processes. */
const UNTRACED: ReadonlySet<string> = new Set(['/metrics', '/livez', '/readyz', '/health', '/api/health']);

/**
 * Each request as a span: of the caller's trace where the caller names one, else it begins one. Nothing at all while
 * tracing is off.
 */
export const requestTracing = fastifyPlugin(
  async (app) => {
    if (!isTracing()) return;
    const spans = new WeakMap<FastifyRequest, Span>();

    app.addHook('onRequest', (request, reply, done) => {
      const { method, headers } = request;
      const route = request.routeOptions.url ?? 'none';
      const { traceparent } = headers;
      const span = UNTRACED.has(route)
        ? undefined
        : startSpan(`${method} ${route}`, {
            kind: 'server',
            parent: typeof traceparent === 'string' ? traceparent : null,
            isParentForeign: true,
          });
      if (!span) return done();
      spans.set(request, span);
      if (span.isRecording) tellOfRequest(span, request, reply);
      span.run(done);
    });

    const goOn = (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
      const span = spans.get(request);
      if (span) span.run(done);
      else done();
    };
    // What reads the body goes on where the socket was read, and what has written it where it was written: outside.
    app.addHook('preValidation', goOn);
    app.addHook('onResponse', goOn);
  },
  { name: 'request-tracing' },
);

function tellOfRequest(span: Span, { method, id, routeOptions }: FastifyRequest, { raw }: FastifyReply): void {
  span.set({ 'http.request.method': method, 'http.route': routeOptions.url ?? 'none', 'wag.request.id': id });
  // Not `onResponse`: that is not called for a client that went away.
  raw.once('close', () => {
    const { statusCode, writableFinished } = raw;
    span.set({ 'http.response.status_code': statusCode });
    if (!writableFinished) span.fail({ code: 'client went away' });
    else if (statusCode >= 500) span.fail({ code: String(statusCode) });
    span.end();
  });
}
