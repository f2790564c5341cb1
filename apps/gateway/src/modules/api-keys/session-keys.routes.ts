import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  CreatedKeyResultSchema,
  CreateSessionKeyRequestSchema,
  LIMITS,
  ListKeysResultSchema,
  ListSessionKeysQuerySchema,
  SessionParamsSchema,
  success,
} from '@wa-gate/contracts';
import { ok, pagination } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import { type KeysRoutesOptions, keysTags, MANAGES_KEYS, sessionOf } from './keys.routes.ts';

/** The keys of one session: the primary one that came with it, and as many more as are wanted. */
export const sessionKeysRoutes: FastifyPluginAsyncTypebox<KeysRoutesOptions> = async (app, options) => {
  const { apiKeys, directory, guards } = options;
  const onRequest = guards(MANAGES_KEYS);
  const tags = keysTags;

  app.get(
    '/sessions/:id/keys',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'sessionKeys.list',
        summary: 'List the keys of a session',
        params: SessionParamsSchema,
        querystring: ListSessionKeysQuerySchema,
        response: { 200: success(ListKeysResultSchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const session = await sessionOf(directory, request, request.params.id);
      const { page = 1, limit = LIMITS.pageDefault, includeEnded = false } = request.query;
      const found = await apiKeys.list(principalOf(request), { session, includeEnded, page, limit });
      return ok({ keys: found.keys, pagination: pagination(found.total, page, limit) });
    },
  );

  app.post(
    '/sessions/:id/keys',
    {
      onRequest,
      config: { audit: 'key.created' },
      schema: {
        tags,
        operationId: 'sessionKeys.create',
        summary: 'Make another key for a session',
        description: 'It reaches this session only. The answer shows its token, once.',
        params: SessionParamsSchema,
        body: CreateSessionKeyRequestSchema,
        response: { 201: success(CreatedKeyResultSchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const session = await sessionOf(directory, request, request.params.id);
      const made = await apiKeys.create(actorOf(request), principalOf(request), session, request.body);
      return reply.code(201).header('cache-control', 'no-store').send(ok(made));
    },
  );
};
