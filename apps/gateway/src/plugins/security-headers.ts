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
 * The headers of helmet, the same on every answer: asked for once and not with every request, where putting them together anew costs as much as
 * finding out who asks.
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
