import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ListTiersResultSchema, SetTierRequestSchema, success, TierParamsSchema, TierSchema } from '@wa-gate/contracts';
import type { UserTier } from '@wa-gate/db';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { actorOf } from '../audit/index.ts';
import type { TiersService } from './tiers.service.ts';

export interface TiersRoutesOptions {
  tiers: TiersService;
  guards: Guards;
}

export const tiersRoutes: FastifyPluginAsyncTypebox<TiersRoutesOptions> = async (app, { tiers, guards }) => {
  app.get(
    '/tiers',
    {
      onRequest: guards({ audience: 'public' }),
      schema: {
        tags: ['Usage and limits'],
        operationId: 'tiers.list',
        summary: 'The tiers, and what they allow',
        response: { 200: success(ListTiersResultSchema), ...errorResponses() },
        security: [],
      },
    },
    async () => ok({ tiers: await tiers.list() }),
  );

  app.put(
    '/admin/tiers/:tier',
    {
      onRequest: guards({ audience: 'administrator' }),
      config: { audit: 'tier.updated' },
      schema: {
        tags: ['Administration'],
        operationId: 'tiers.set',
        summary: 'Change what a tier allows',
        description: 'Holds at once, and on every gateway within a second. Sessions that are there stay.',
        params: TierParamsSchema,
        body: SetTierRequestSchema,
        response: { 200: success(TierSchema), ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN') },
      },
    },
    async (request) =>
      ok(await tiers.set(actorOf(request), request.params.tier.toUpperCase() as UserTier, request.body)),
  );
};
