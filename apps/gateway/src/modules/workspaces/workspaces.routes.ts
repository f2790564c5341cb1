import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  DeleteWorkspaceResultSchema,
  LIMITS,
  ListWorkspacesResultSchema,
  success,
  WorkspaceParamsSchema,
  WorkspaceRequestSchema,
  WorkspaceResultSchema,
  WorkspacesPageQuerySchema,
} from '@wa-gate/contracts';
import { ok, pagination } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import { type InvitationsRoutesOptions, invitationsRoutes } from './invitations.routes.ts';
import { type MembersRoutesOptions, membersRoutes } from './members.routes.ts';
import type { WorkspaceRemoval } from './workspace-removal.ts';
import type { WorkspacesService } from './workspaces.service.ts';

export interface WorkspacesRoutesOptions extends MembersRoutesOptions, InvitationsRoutesOptions {
  workspaces: WorkspacesService;
  workspaceRemoval: WorkspaceRemoval;
}

/**
 * Workspaces, their members and their invitations. `{id}` names the workspace in which the caller's role is looked up,
 * whichever workspace the token is for. A caller that is no member gets a 404.
 */
export const workspacesRoutes: FastifyPluginAsyncTypebox<WorkspacesRoutesOptions> = async (app, options) => {
  const { workspaces, workspaceRemoval, guards } = options;
  const tags = ['Workspaces'];
  await app.register(membersRoutes, options);
  await app.register(invitationsRoutes, options);

  app.get(
    '/workspaces',
    {
      onRequest: guards({ audience: 'person' }),
      schema: {
        tags,
        operationId: 'workspaces.list',
        summary: 'My workspaces',
        description: 'Those that you are a member of. POST /api/auth/switch gives a token for another one.',
        querystring: WorkspacesPageQuerySchema,
        response: { 200: success(ListWorkspacesResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { page = 1, limit = LIMITS.pageDefault } = request.query;
      const found = await workspaces.list(principalOf(request).userId, { page, limit });
      return ok({ workspaces: found.workspaces, pagination: pagination(found.total, page, limit) });
    },
  );

  app.post(
    '/workspaces',
    {
      onRequest: guards({ audience: 'person' }),
      config: { audit: 'workspace.created' },
      schema: {
        tags,
        operationId: 'workspaces.create',
        summary: 'Make a workspace',
        description: 'It is yours: your tier, quota and usage count in it.',
        body: WorkspaceRequestSchema,
        response: { 201: success(WorkspaceResultSchema), ...errorResponses('WORKSPACE_LIMIT') },
      },
    },
    async (request, reply) => {
      const { userId } = principalOf(request);
      const workspace = await workspaces.create(actorOf(request), userId, request.body.name);
      return reply.code(201).send(ok({ workspace }));
    },
  );

  app.get(
    '/workspaces/:id',
    {
      onRequest: guards({ audience: 'workspace', permission: 'logs.view', workspace: 'path' }),
      schema: {
        tags,
        operationId: 'workspaces.get',
        summary: 'One workspace',
        params: WorkspaceParamsSchema,
        response: { 200: success(WorkspaceResultSchema), ...errorResponses('WORKSPACE_NOT_FOUND') },
      },
    },
    async (request) => ok({ workspace: await workspaces.get(principalOf(request)) }),
  );

  app.patch(
    '/workspaces/:id',
    {
      onRequest: guards({ audience: 'workspace', permission: 'system.manage', workspace: 'path' }),
      config: { audit: 'workspace.updated' },
      schema: {
        tags,
        operationId: 'workspaces.update',
        summary: 'Rename a workspace',
        params: WorkspaceParamsSchema,
        body: WorkspaceRequestSchema,
        response: { 200: success(WorkspaceResultSchema), ...errorResponses('WORKSPACE_NOT_FOUND') },
      },
    },
    async (request) =>
      ok({ workspace: await workspaces.rename(actorOf(request), principalOf(request), request.body.name) }),
  );

  app.delete(
    '/workspaces/:id',
    {
      onRequest: guards({ audience: 'person', permission: 'system.manage', workspace: 'path' }),
      config: { audit: 'workspace.deleted' },
      schema: {
        tags,
        operationId: 'workspaces.delete',
        summary: 'Delete a workspace with everything in it',
        description: [
          'Sessions with their messages, keys, members and invitations; by the person whose workspace it is, unless it is their only one. Devices are unlinked',
          'first; where that cannot be done soon, everything is deleted all the same. A token for it is worth nothing then: refresh it.',
        ].join(' '),
        params: WorkspaceParamsSchema,
        response: {
          200: success(DeleteWorkspaceResultSchema),
          ...errorResponses('WORKSPACE_NOT_FOUND', 'LAST_WORKSPACE', 'DELETION_GOES_ON'),
        },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const removed = await workspaceRemoval.remove(actorOf(request), principal);
      const sessions = removed.sessions.map(({ slug, unlinked }) => ({ sessionId: slug, unlinked }));
      const { deletionId } = removed;
      return ok({ workspaceId: principal.workspaceId, deleted: true as const, sessions, deletionId });
    },
  );
};
