import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  LimitsSchema,
  ListRateLimitsResultSchema,
  RateLimitParamsSchema,
  RateLimitSchema,
  SetRateLimitRequestSchema,
  success,
} from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Limiter } from '../../plugins/rate-limit/index.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import type { LimitsService } from './limits.service.ts';
import { bucketsShownTo, type OwnLimits } from './own-limits.ts';

export interface LimitsRoutesOptions {
  limits: LimitsService;
  ownLimits: OwnLimits;
  limiter: Limiter;
  guards: Guards;
}

const administrator = { audience: 'administrator' } as const;

export const limitsRoutes: FastifyPluginAsyncTypebox<LimitsRoutesOptions> = async (app, options) => {
  const { limits, ownLimits, limiter, guards } = options;

  app.get(
    '/limits',
    {
      onRequest: guards({ audience: 'caller', isFree: true }),
      schema: {
        tags: ['Usage and limits'],
        operationId: 'limits.get',
        summary: 'What you may still do',
        description: 'The tier of your account and the rate limits that count for you. Asking counts nowhere.',
        response: { 200: success(LimitsSchema), ...errorResponses('UNAUTHENTICATED') },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      return ok(await ownLimits.of(principal, await limiter.read(request, principal, bucketsShownTo(principal))));
    },
  );

  app.get(
    '/admin/rate-limits',
    {
      onRequest: guards(administrator),
      schema: {
        tags: ['Administration'],
        operationId: 'rateLimits.list',
        summary: 'All rate limits',
        response: { 200: success(ListRateLimitsResultSchema), ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN') },
      },
    },
    async () => ok({ rateLimits: limits.list() }),
  );

  app.put(
    '/admin/rate-limits/:bucket',
    {
      onRequest: guards(administrator),
      config: { audit: 'rate_limit.updated' },
      schema: {
        tags: ['Administration'],
        operationId: 'rateLimits.set',
        summary: 'Change a rate limit',
        description: 'Holds at once, and on every gateway within a second. What has been counted in the window stays.',
        params: RateLimitParamsSchema,
        body: SetRateLimitRequestSchema,
        response: { 200: success(RateLimitSchema), ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN') },
      },
    },
    async (request) => ok(await limits.set(actorOf(request), request.params.bucket, request.body)),
  );

  app.delete(
    '/admin/rate-limits/:bucket',
    {
      onRequest: guards(administrator),
      config: { audit: 'rate_limit.updated' },
      schema: {
        tags: ['Administration'],
        operationId: 'rateLimits.reset',
        summary: 'Set a rate limit back to its default',
        params: RateLimitParamsSchema,
        response: { 200: success(RateLimitSchema), ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN') },
      },
    },
    async (request) => ok(await limits.reset(actorOf(request), request.params.bucket)),
  );
};
