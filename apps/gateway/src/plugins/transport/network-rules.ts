import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { ApiError } from '../../http/api-error.ts';
import { pathForClient } from '../../http/base-path.ts';
import type { NetworkSettings } from './network-settings.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Called from inside of the installation only, past any proxy: by workers. */
    isInternal?: boolean;
  }
}

/** Asked by orchestrators and monitors from inside, by plain HTTP. */
const PROBES: ReadonlySet<string | undefined> = new Set(['/livez', '/readyz', '/health']);
const INSIDE: ReadonlySet<string | undefined> = new Set([...PROBES, '/metrics']);

const REDIRECTED = new Set(['GET', 'HEAD']);
/** A valid host of a URL; any other content of a Host header is not sent back. */
const HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])$/i;
const ONE_YEAR = 'max-age=31536000; includeSubDomains';

/** Before everything but the probes: who may come in, and by which way. */
export const networkRules = fastifyPlugin<{ settings: NetworkSettings }>(
  async (app, { settings }) => {
    const { allow, deny, requireHttps } = settings;

    if (allow || deny) {
      app.addHook('onRequest', async ({ ip, routeOptions }) => {
        if (PROBES.has(routeOptions.url)) return;
        if (deny?.includes(ip) || (allow && !allow.includes(ip))) throw new ApiError('IP_DENIED');
      });
    }

    async function insistOnHttps(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
      const { routeOptions, protocol, method, hostname } = request;
      if (INSIDE.has(routeOptions.url) || routeOptions.config.isInternal) return undefined;
      if (protocol === 'https') {
        reply.header('strict-transport-security', ONE_YEAR);
        return undefined;
      }
      // A request that changes something has shown its secrets already: sending it on would hide that.
      if (!REDIRECTED.has(method) || !HOST.test(hostname)) throw new ApiError('HTTPS_REQUIRED');
      return reply.redirect(`https://${hostname}${pathForClient(request)}`, 308);
    }
    if (requireHttps) app.addHook('onRequest', insistOnHttps);
  },
  { name: 'network-rules' },
);
