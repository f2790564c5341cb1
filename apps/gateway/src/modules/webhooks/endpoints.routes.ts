import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  CREATE_SESSION_WEBHOOK_REQUESTS,
  CREATE_WEBHOOK_REQUESTS,
  CreateSessionWebhookRequestSchema,
  CreateWebhookRequestSchema,
  LIMITS,
  ListSessionWebhooksQuerySchema,
  ListWebhooksQuerySchema,
  ListWebhooksResultSchema,
  RotateWebhookSecretRequestSchema,
  SessionParamsSchema,
  success,
  TestWebhookRequestSchema,
  TestWebhookResultSchema,
  UpdateWebhookRequestSchema,
  WebhookEndpointSchema,
  WebhookEndpointWithSecretSchema,
  WebhookParamsSchema,
} from '@wa-gate/contracts';
import { Type } from 'typebox';
import { ok, pagination } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import { type Reach, reachInto, reachOf, type SessionDirectory } from '../sessions/index.ts';
import { creationValidator } from './creation-validator.ts';
import type { EndpointsService } from './endpoints.service.ts';

export interface EndpointsRoutesOptions {
  endpoints: EndpointsService;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Webhooks'];
const result = success(Type.Object({ webhook: WebhookEndpointSchema }));
const resultWithSecret = success(Type.Object({ webhook: WebhookEndpointWithSecretSchema }));

/** Webhooks of a workspace, and the further ones of its sessions. A session key reaches those of its session. */
export const endpointsRoutes: FastifyPluginAsyncTypebox<EndpointsRoutesOptions> = async (app, options) => {
  const { endpoints, directory, guards } = options;
  const onRequest = guards({ audience: 'caller', permission: 'webhooks.manage' });

  async function list(reach: Reach, { page = 1, limit = LIMITS.pageDefault }: { page?: number; limit?: number }) {
    const { endpoints: webhooks, total } = await endpoints.list(reach, { page, limit });
    return ok({ webhooks, pagination: pagination(total, page, limit) });
  }

  app.get(
    '/webhooks',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'webhooks.list',
        summary: 'All webhooks of the workspace',
        description:
          'Those of the workspace and those of its sessions, oldest first, each with its state, its last error and what waits for it. With a session key those of its session.',
        querystring: ListWebhooksQuerySchema,
        response: { 200: success(ListWebhooksResultSchema), ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const { sessionId, ...page } = request.query;
      return list(await reachInto(directory, principalOf(request), sessionId), page);
    },
  );

  app.post(
    '/webhooks',
    {
      onRequest,
      validatorCompiler: creationValidator(CREATE_WEBHOOK_REQUESTS),
      config: { audit: 'webhook.created' },
      schema: {
        tags,
        operationId: 'webhooks.create',
        summary: 'Create a webhook of the workspace, or of a session',
        description:
          'It gets the events of all sessions, also of those that are created later, or with `sessionId` those of one. Events from now on are delivered to it. With `type` it is a broker: RabbitMQ, NATS JetStream, Kafka, SQS or a stream of Redis (docs/sinks.md).',
        body: CreateWebhookRequestSchema,
        response: {
          201: resultWithSecret,
          ...errorResponses(
            'UNAUTHENTICATED',
            'SESSION_NOT_FOUND',
            'WEBHOOK_URL_REFUSED',
            'WEBHOOK_HEADER_REFUSED',
            'INVALID_RECIPIENT',
            'WEBHOOK_LIMIT',
          ),
        },
      },
    },
    async (request, reply) => {
      const { sessionId, ...definition } = request.body;
      const principal = principalOf(request);
      const session =
        sessionId === undefined
          ? principal.kind === 'key'
            ? principal.session
            : null
          : await directory.resolve(principal, sessionId);
      const webhook = await endpoints.create(actorOf(request), principal.workspaceId, session, definition);
      return reply.code(201).header('cache-control', 'no-store').send(ok({ webhook }));
    },
  );

  app.get(
    '/webhooks/:id',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'webhooks.get',
        summary: 'A webhook with its state',
        description: 'Whether it takes its events, what was wrong last, and how many events wait since when.',
        params: WebhookParamsSchema,
        response: { 200: result, ...errorResponses('UNAUTHENTICATED', 'WEBHOOK_NOT_FOUND') },
      },
    },
    async (request) => ok({ webhook: await endpoints.get(reachOf(principalOf(request)), request.params.id) }),
  );

  app.patch(
    '/webhooks/:id',
    {
      onRequest,
      config: { audit: 'webhook.updated' },
      schema: {
        tags,
        operationId: 'webhooks.update',
        summary: 'Change, pause or resume a webhook',
        description:
          'What the body does not name stays as it is; `headers` are replaced as a whole. What waits is judged by the new filters, and sent to the new URL.',
        params: WebhookParamsSchema,
        body: UpdateWebhookRequestSchema,
        response: {
          200: result,
          ...errorResponses(
            'UNAUTHENTICATED',
            'WEBHOOK_NOT_FOUND',
            'WEBHOOK_URL_REFUSED',
            'WEBHOOK_HEADER_REFUSED',
            'INVALID_RECIPIENT',
          ),
        },
      },
    },
    async (request) => {
      const reach = reachOf(principalOf(request));
      return ok({ webhook: await endpoints.update(actorOf(request), reach, request.params.id, request.body) });
    },
  );

  app.delete(
    '/webhooks/:id',
    {
      onRequest,
      config: { audit: 'webhook.deleted' },
      schema: {
        tags,
        operationId: 'webhooks.remove',
        summary: 'Remove a webhook',
        description: 'What was not delivered yet is dropped.',
        params: WebhookParamsSchema,
        response: {
          200: success(Type.Object({ deleted: Type.Literal(true) })),
          ...errorResponses('UNAUTHENTICATED', 'WEBHOOK_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      await endpoints.remove(actorOf(request), reachOf(principalOf(request)), request.params.id);
      return ok({ deleted: true });
    },
  );

  app.post(
    '/webhooks/:id/rotate-secret',
    {
      onRequest,
      config: { audit: 'webhook.rotated' },
      schema: {
        tags,
        operationId: 'webhooks.rotateSecret',
        summary: 'Give a webhook another secret',
        description:
          '`webhook-signature` has a signature of each secret for the overlap, a day unless you say otherwise, so that receivers can change over at their leisure. `X-Hub-Signature-256` and `signature` in the body are of the new one at once.',
        params: WebhookParamsSchema,
        body: RotateWebhookSecretRequestSchema,
        response: { 200: resultWithSecret, ...errorResponses('UNAUTHENTICATED', 'WEBHOOK_NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const reach = reachOf(principalOf(request));
      const webhook = await endpoints.rotate(actorOf(request), reach, request.params.id, request.body ?? {});
      return reply.header('cache-control', 'no-store').send(ok({ webhook }));
    },
  );

  app.post(
    '/webhooks/:id/test',
    {
      onRequest,
      config: { audit: 'webhook.tested' },
      schema: {
        tags,
        operationId: 'webhooks.test',
        summary: 'Send the example of an event now',
        description:
          'Once, signed and with the headers of the webhook, also while it is paused or off. `id` is of no event, `seq` is 0, and the header `x-webhook-test` is `true`. The answer says what came of it; nothing is stored, and nothing is tried again.',
        params: WebhookParamsSchema,
        body: TestWebhookRequestSchema,
        response: {
          200: success(TestWebhookResultSchema),
          ...errorResponses('UNAUTHENTICATED', 'WEBHOOK_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const reach = reachOf(principalOf(request));
      return ok(await endpoints.test(actorOf(request), reach, request.params.id, request.body ?? {}));
    },
  );

  app.get(
    '/sessions/:id/webhooks',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'sessions.webhooks',
        summary: 'The webhooks of a session',
        description:
          'The primary one and the others. Those of the workspace, which get its events too, are not among them.',
        params: SessionParamsSchema,
        querystring: ListSessionWebhooksQuerySchema,
        response: { 200: success(ListWebhooksResultSchema), ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND') },
      },
    },
    async (request) => list(await reachInto(directory, principalOf(request), request.params.id), request.query),
  );

  app.post(
    '/sessions/:id/webhooks',
    {
      onRequest,
      validatorCompiler: creationValidator(CREATE_SESSION_WEBHOOK_REQUESTS),
      config: { audit: 'webhook.created' },
      schema: {
        tags,
        operationId: 'sessions.createWebhook',
        summary: 'Create a further webhook of a session',
        description: 'Beside the primary one at `/api/sessions/{id}/webhook`. Events from now on are delivered to it.',
        params: SessionParamsSchema,
        body: CreateSessionWebhookRequestSchema,
        response: {
          201: resultWithSecret,
          ...errorResponses(
            'UNAUTHENTICATED',
            'SESSION_NOT_FOUND',
            'WEBHOOK_URL_REFUSED',
            'WEBHOOK_HEADER_REFUSED',
            'INVALID_RECIPIENT',
            'WEBHOOK_LIMIT',
          ),
        },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const session = await directory.resolve(principal, request.params.id);
      const webhook = await endpoints.create(actorOf(request), principal.workspaceId, session, request.body);
      return reply.code(201).header('cache-control', 'no-store').send(ok({ webhook }));
    },
  );
};
