import { ERRORS, type ErrorCode } from '@wa-gate/contracts';
import { SECURITY_FIELD } from '@wa-gate/kit';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { createRepeatFilter } from '../http/repeat-filter.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What it was refused with; set by plugins/errors. */
    refusal: ErrorCode | null;
  }
}

/** Refusals of authentication, authorization and rate limits. */
const ABOUT_SECURITY: ReadonlySet<number> = new Set([401, 403, 429]);
/**
 * Equal refusals to one address are logged at most once in this time, so that a flood of requests is no flood of lines.
 */
const REPEAT_MS = 1_000;

const byWhom = ({ principal, ip, method, routeOptions }: FastifyRequest) => ({
  ip,
  method,
  route: routeOptions.url ?? null,
  ...(principal && {
    userId: principal.userId,
    workspaceId: principal.workspaceId,
    ...(principal.kind === 'key' && { keyId: principal.keyId }),
  }),
});

/**
 * Writes `security.log` after the answer: refusals of credentials, permissions and limits by their code, and changes by
 * their audit action.
 */
export const securityLog = fastifyPlugin(
  async (app) => {
    const refusals = createRepeatFilter({ forMs: REPEAT_MS });
    app.decorateRequest('refusal', null);
    app.addHook('onResponse', (request, reply, done) => {
      const { refusal } = request;
      const action = request.routeOptions.config?.audit;
      if (refusal !== null && ABOUT_SECURITY.has(ERRORS[refusal].status)) {
        const repeated = refusals.pass(`${refusal}/${request.ip}`);
        if (repeated !== null) {
          const line = { [SECURITY_FIELD]: refusal, ...byWhom(request), ...(repeated > 0 && { repeated }) };
          request.log.info(line, 'refused');
        }
      } else if (action !== undefined && reply.statusCode < 400) {
        request.log.info({ [SECURITY_FIELD]: action, ...byWhom(request) }, 'changed');
      }
      done();
    });
  },
  { name: 'security-log' },
);
