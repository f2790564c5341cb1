import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  CreatedKeyResultSchema,
  CreateKeyRequestSchema,
  KeyParamsSchema,
  KeyResultSchema,
  LIMITS,
  ListKeysQuerySchema,
  ListKeysResultSchema,
  RotatedKeyResultSchema,
  RotateKeyRequestSchema,
  success,
  UpdateKeyRequestSchema,
} from '@wa-gate/contracts';
import type { ApiKeyScope } from '@wa-gate/db';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.ts';
import { ok, pagination } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Access, Guards } from '../../plugins/route-access.ts';
import type { SessionRef } from '../../principal.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import type { KeysService } from './keys.service.ts';

export interface KeysRoutesOptions {
  apiKeys: KeysService;
  directory: SessionDirectory;
  guards: Guards;
}

/** People and workspace keys manage keys. A session key may not: the keys that it made would outlive its revocation. */
export const MANAGES_KEYS: Access = { audience: 'workspace', permission: 'system.manage' };

export const keysTags = ['Keys'];

/**
 * The session of a path or body, in the caller's own workspace. Administrators are no exception: a key is refused in a
 * workspace that its maker is no member of.
 */
export async function sessionOf(directory: SessionDirectory, request: FastifyRequest, id: string): Promise<SessionRef> {
  const principal = principalOf(request);
  const session = await directory.resolve(principal, id);
  if (session.workspaceId !== principal.workspaceId) throw new ApiError('SESSION_NOT_FOUND');
  return session;
}

export const keysRoutes: FastifyPluginAsyncTypebox<KeysRoutesOptions> = async (app, options) => {
  const { apiKeys, directory, guards } = options;
  const onRequest = guards(MANAGES_KEYS);
  const tags = keysTags;

  app.get(
    '/keys',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'keys.list',
        summary: 'List API keys',
        description: 'Those of the workspace, with those of its sessions. The tokens are stored nowhere.',
        querystring: ListKeysQuerySchema,
        response: { 200: success(ListKeysResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { page = 1, limit = LIMITS.pageDefault, includeEnded = false, scope } = request.query;
      const found = await apiKeys.list(principalOf(request), {
        ...(scope && { scope: scope.toUpperCase() as ApiKeyScope }),
        includeEnded,
        page,
        limit,
      });
      return ok({ keys: found.keys, pagination: pagination(found.total, page, limit) });
    },
  );

  app.post(
    '/keys',
    {
      onRequest,
      config: { audit: 'key.created' },
      schema: {
        tags,
        operationId: 'keys.create',
        summary: 'Make an API key',
        description: [
          'For the workspace, for one session, or (by administrators) for the administration. The answer shows its token, once.',
          'A key can never be given more than its maker has, and is worth nothing when its maker may do nothing in the workspace any more.',
        ].join(' '),
        body: CreateKeyRequestSchema,
        response: { 201: success(CreatedKeyResultSchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const { sessionId, ...asked } = request.body;
      const session = sessionId === undefined ? null : await sessionOf(directory, request, sessionId);
      const made = await apiKeys.create(actorOf(request), principalOf(request), session, asked);
      return reply.code(201).header('cache-control', 'no-store').send(ok(made));
    },
  );

  app.get(
    '/keys/:id',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'keys.get',
        summary: 'One API key',
        params: KeyParamsSchema,
        response: { 200: success(KeyResultSchema), ...errorResponses('KEY_NOT_FOUND') },
      },
    },
    async (request) => ok({ key: await apiKeys.get(principalOf(request), request.params.id) }),
  );

  app.patch(
    '/keys/:id',
    {
      onRequest,
      config: { audit: 'key.updated' },
      schema: {
        tags,
        operationId: 'keys.update',
        summary: 'Change an API key',
        description: 'Its name, role, permissions, expiry and addresses; in force everywhere within a second.',
        params: KeyParamsSchema,
        body: UpdateKeyRequestSchema,
        response: { 200: success(KeyResultSchema), ...errorResponses('KEY_NOT_FOUND', 'KEY_ENDED') },
      },
    },
    async (request) => {
      const { id } = request.params;
      return ok({ key: await apiKeys.update(actorOf(request), principalOf(request), id, request.body) });
    },
  );

  app.post(
    '/keys/:id/rotate',
    {
      onRequest,
      config: { audit: 'key.rotated' },
      schema: {
        tags,
        operationId: 'keys.rotate',
        summary: 'Put a new key in the place of an old one',
        description:
          'The same with a new token, shown once. The old key works for the overlap, a day unless you say otherwise; with `overlapSeconds: 0` it ends now.',
        params: KeyParamsSchema,
        body: RotateKeyRequestSchema,
        response: { 201: success(RotatedKeyResultSchema), ...errorResponses('KEY_NOT_FOUND', 'KEY_ENDED') },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const rotated = await apiKeys.rotate(actorOf(request), principalOf(request), id, request.body ?? {});
      return reply.code(201).header('cache-control', 'no-store').send(ok(rotated));
    },
  );

  app.delete(
    '/keys/:id',
    {
      onRequest,
      config: { audit: 'key.revoked' },
      schema: {
        tags,
        operationId: 'keys.revoke',
        summary: 'Revoke an API key',
        description: 'Dead everywhere within a second. The key stays in the list (`includeEnded`), for usage and logs.',
        params: KeyParamsSchema,
        response: { 200: success(KeyResultSchema), ...errorResponses('KEY_NOT_FOUND') },
      },
    },
    async (request) => ok({ key: await apiKeys.revoke(actorOf(request), principalOf(request), request.params.id) }),
  );
};
