import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  CreateSessionRequestSchema,
  CreateSessionResultSchema,
  LIMITS,
  ListSessionsQuerySchema,
  PaginationSchema,
  SessionParamsSchema,
  SessionSchema,
  success,
  UpdateSessionRequestSchema,
} from '@wa-gate/contracts';
import { Type } from 'typebox';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import type { SessionDirectory } from './session-directory.ts';
import type { SessionsService } from './sessions.service.ts';

export interface SessionsRoutesOptions {
  sessions: SessionsService;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Sessions'];

export const sessionsRoutes: FastifyPluginAsyncTypebox<SessionsRoutesOptions> = async (app, options) => {
  const { sessions, directory, guards } = options;

  app.post(
    '/sessions',
    {
      config: { audit: 'session.created' },
      onRequest: guards({ audience: 'workspace', permission: 'system.manage', limits: ['session_operations'] }),
      schema: {
        tags,
        operationId: 'sessions.create',
        summary: 'Create a session',
        description: 'The answer comes at once, `initializing`; follow it with `/status`, then scan `/qr`.',
        body: CreateSessionRequestSchema,
        response: {
          201: success(CreateSessionResultSchema),
          ...errorResponses(
            'UNAUTHENTICATED',
            'FORBIDDEN',
            'SESSION_EXISTS',
            'TIER_SESSION_LIMIT',
            'WEBHOOK_URL_REFUSED',
            'NO_WORKER',
          ),
        },
      },
    },
    async (request, reply) => {
      const data = await sessions.create(actorOf(request), principalOf(request), request.body);
      return reply.code(201).send(ok(data));
    },
  );

  app.get(
    '/sessions',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'sessions.list',
        summary: 'List sessions',
        description: 'Those of the workspace; with a session key only its own.',
        querystring: ListSessionsQuerySchema,
        response: {
          200: success(Type.Object({ sessions: Type.Array(SessionSchema), pagination: PaginationSchema })),
          ...errorResponses('UNAUTHENTICATED'),
        },
      },
    },
    async (request) => {
      const { page = 1, limit = LIMITS.pageDefault, status, label } = request.query;
      const found = await sessions.list(principalOf(request), { status, label, page, limit });
      const pagination = { total: found.total, page, limit, totalPages: Math.ceil(found.total / limit) };
      return ok({ sessions: found.sessions, pagination });
    },
  );

  app.get(
    '/sessions/:id',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'sessions.get',
        summary: 'One session',
        params: SessionParamsSchema,
        response: { 200: success(SessionSchema), ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      return ok(await sessions.get(session));
    },
  );

  app.patch(
    '/sessions/:id',
    {
      config: { audit: 'session.updated' },
      onRequest: guards({ audience: 'workspace', permission: 'system.manage' }),
      schema: {
        tags,
        operationId: 'sessions.update',
        summary: 'Change name or settings of a session, or make it the default',
        description: 'What is not given stays as it is.',
        params: SessionParamsSchema,
        body: UpdateSessionRequestSchema,
        response: { 200: success(SessionSchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      return ok(await sessions.update(actorOf(request), session, request.body));
    },
  );
};
