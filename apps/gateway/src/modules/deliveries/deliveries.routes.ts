import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  DeliveryParamsSchema,
  EventDeliverySchema,
  LIMITS,
  ListDeliveriesQuerySchema,
  ListDeliveriesResultSchema,
  MAX_REPLAYED,
  ReplayDeliveriesRequestSchema,
  ReplayedDeliveriesSchema,
  success,
  WebhookParamsSchema,
} from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import { reachOf, type SessionDirectory } from '../sessions/index.ts';
import type { DeliveriesService } from './deliveries.service.ts';

export interface DeliveriesRoutesOptions {
  deliveries: DeliveriesService;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Webhooks'];
const result = success(Type.Object({ delivery: EventDeliverySchema }));
const REPLAYED = 'It has the same id, and says by the header `x-webhook-replay: true` that it was asked for.';

/** What became of the events of a webhook, and their repetition. */
export const deliveriesRoutes: FastifyPluginAsyncTypebox<DeliveriesRoutesOptions> = async (app, options) => {
  const { deliveries, directory, guards } = options;
  const onRequest = guards({ audience: 'caller', permission: 'webhooks.manage' });

  /** The session of a filter by its id. */
  async function filterOf<T extends { sessionId?: string }>(request: FastifyRequest, given: T) {
    const { sessionId: slug, ...filter } = given;
    if (slug === undefined) return { ...filter, sessionId: undefined };
    const { id } = await directory.resolve(principalOf(request), slug);
    return { ...filter, sessionId: id };
  }

  app.get(
    '/webhooks/:id/deliveries',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'webhooks.deliveries',
        summary: 'What became of the events of a webhook',
        description: 'The latest events first. They are kept as long as their events are.',
        params: WebhookParamsSchema,
        querystring: ListDeliveriesQuerySchema,
        response: {
          200: success(ListDeliveriesResultSchema),
          ...errorResponses('UNAUTHENTICATED', 'WEBHOOK_NOT_FOUND', 'SESSION_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const { limit = LIMITS.pageDefault, ...query } = request.query;
      const filter = { ...(await filterOf(request, query)), limit };
      const found = await deliveries.list(reachOf(principalOf(request)), request.params.id, filter);
      const { nextCursor } = found;
      return ok({ deliveries: found.deliveries, pagination: { nextCursor, hasMore: nextCursor !== null } });
    },
  );

  app.get(
    '/webhooks/:id/deliveries/:deliveryId',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'webhooks.delivery',
        summary: 'What became of one event of a webhook',
        params: DeliveryParamsSchema,
        response: { 200: result, ...errorResponses('UNAUTHENTICATED', 'WEBHOOK_NOT_FOUND', 'DELIVERY_NOT_FOUND') },
      },
    },
    async (request) => {
      const { id, deliveryId } = request.params;
      return ok({ delivery: await deliveries.get(reachOf(principalOf(request)), id, deliveryId) });
    },
  );

  app.post(
    '/webhooks/:id/deliveries/:deliveryId/replay',
    {
      onRequest,
      config: { audit: 'webhook.replayed' },
      schema: {
        tags,
        operationId: 'webhooks.replayDelivery',
        summary: 'Send one event to a webhook again',
        description: `At once, whatever became of it. ${REPLAYED}`,
        params: DeliveryParamsSchema,
        response: {
          200: result,
          ...errorResponses(
            'UNAUTHENTICATED',
            'WEBHOOK_NOT_FOUND',
            'DELIVERY_NOT_FOUND',
            'DELIVERY_PENDING',
            'WEBHOOK_OFF',
          ),
        },
      },
    },
    async (request) => {
      const { id, deliveryId } = request.params;
      const reach = reachOf(principalOf(request));
      return ok({ delivery: await deliveries.replayOne(actorOf(request), reach, id, deliveryId) });
    },
  );

  app.post(
    '/webhooks/:id/replay',
    {
      onRequest,
      config: { audit: 'webhook.replayed' },
      schema: {
        tags,
        operationId: 'webhooks.replay',
        summary: 'Send events to a webhook again',
        description: `All that were given up, or those of a period that were delivered; ${MAX_REPLAYED} of a call, in order. ${REPLAYED}`,
        params: WebhookParamsSchema,
        body: ReplayDeliveriesRequestSchema,
        response: {
          200: success(ReplayedDeliveriesSchema),
          ...errorResponses('UNAUTHENTICATED', 'WEBHOOK_NOT_FOUND', 'SESSION_NOT_FOUND', 'WEBHOOK_OFF'),
        },
      },
    },
    async (request) => {
      const filter = await filterOf(request, request.body ?? {});
      return ok(await deliveries.replay(actorOf(request), reachOf(principalOf(request)), request.params.id, filter));
    },
  );
};
