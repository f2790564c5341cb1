import { newRequestId } from '@wa-gate/kit';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { Principal } from '../principal.ts';
import type { StreamGrant } from './stream-tickets.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The principal; set by the hooks of plugins/guards. */
    principal: Principal | null;
    /**
     * The same caller by what is true now, for answers that last. Rejects as the request would be refused by now.
     */
    findCallerAgain: (() => Promise<Principal>) | null;
    /** Of the ticket that the request came with. */
    grant: StreamGrant | null;
  }
}

/** A request id that a caller may choose: short, and nothing that could break a log line or a header. */
const ACCEPTABLE_ID = /^[\w.:-]{1,128}$/;

/** The caller's X-Request-Id where it is acceptable, else a new one. */
export function requestIdOf(request: Pick<FastifyRequest['raw'], 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTABLE_ID.test(given) ? given : newRequestId();
}

/** Facts of one request, headers that every answer has, and one debug line per request. */
export const requestContext = fastifyPlugin(
  async (app) => {
    app.decorateRequest('principal', null);
    app.decorateRequest('findCallerAgain', null);
    app.decorateRequest('grant', null);
    app.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id).header('x-api-version', 'v1');
      done();
    });
    app.addHook('onResponse', (request, reply, done) => {
      request.log.debug(
        {
          method: request.method,
          route: request.routeOptions.url,
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime),
        },
        'answered',
      );
      done();
    });
  },
  { name: 'request-context' },
);
