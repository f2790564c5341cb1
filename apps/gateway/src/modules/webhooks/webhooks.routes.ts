import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  SessionParamsSchema,
  success,
  WebhookRequestSchema,
  WebhookSchema,
  WebhookWithSecretSchema,
} from '@wa-gate/contracts';
import { Type } from 'typebox';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import type { WebhooksService } from './webhooks.service.ts';

export interface WebhooksRoutesOptions {
  webhooks: WebhooksService;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Webhooks'];
const path = '/sessions/:id/webhook';

export const webhooksRoutes: FastifyPluginAsyncTypebox<WebhooksRoutesOptions> = async (app, options) => {
  const { webhooks, directory, guards } = options;

  app.put(
    path,
    {
      config: { audit: 'webhook.set' },
      onRequest: guards({ audience: 'caller', permission: 'webhooks.manage' }),
      schema: {
        tags,
        operationId: 'sessions.setWebhook',
        summary: 'Set the webhook of a session',
        description: 'Events from now on are delivered to it. Without `secret` the present one stays, or one is made.',
        params: SessionParamsSchema,
        body: WebhookRequestSchema,
        response: {
          200: success(Type.Object({ webhook: WebhookWithSecretSchema })),
          ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND', 'WEBHOOK_URL_REFUSED'),
        },
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      return ok({ webhook: await webhooks.set(actorOf(request), session, request.body) });
    },
  );

  app.get(
    path,
    {
      onRequest: guards({ audience: 'caller', permission: 'webhooks.manage' }),
      schema: {
        tags,
        operationId: 'sessions.webhook',
        summary: 'The webhook of a session',
        params: SessionParamsSchema,
        response: {
          200: success(Type.Object({ webhook: WebhookSchema })),
          ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND', 'WEBHOOK_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      return ok({ webhook: await webhooks.get(session.id) });
    },
  );

  app.delete(
    path,
    {
      config: { audit: 'webhook.deleted' },
      onRequest: guards({ audience: 'caller', permission: 'webhooks.manage' }),
      schema: {
        tags,
        operationId: 'sessions.removeWebhook',
        summary: 'Remove the webhook of a session',
        description: 'What was not delivered yet is dropped.',
        params: SessionParamsSchema,
        response: {
          200: success(Type.Object({ deleted: Type.Literal(true) })),
          ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND', 'WEBHOOK_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      await webhooks.delete(actorOf(request), session);
      return ok({ deleted: true });
    },
  );
};
