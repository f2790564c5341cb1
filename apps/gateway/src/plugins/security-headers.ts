import { ServerResponse } from 'node:http';
import fastifyPlugin from 'fastify-plugin';
import helmet from 'helmet';

/** What helmet sets on every answer. */
function headersOfHelmet(): Record<string, string> {
  const probe = new ServerResponse({ method: 'GET' } as never);
  // Without TLS in front, as on a laptop, upgraded requests would go nowhere.
  helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } })(
    { headers: {} } as never,
    probe,
    () => undefined,
  );
  return Object.fromEntries(Object.entries(probe.getHeaders()).map(([name, value]) => [name, String(value)]));
}

/**
 * The headers of helmet. They are the same on every answer, so they are computed once: computing them per request costs
 * as much as authentication.
 */
export const securityHeaders = fastifyPlugin(
  async (app) => {
    const headers = headersOfHelmet();
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(headers);
      done();
    });
  },
  { name: 'security-headers' },
);
