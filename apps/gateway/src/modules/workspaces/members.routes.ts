import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ChangeMemberRequestSchema,
  LIMITS,
  ListMembersResultSchema,
  MemberParamsSchema,
  MemberResultSchema,
  RemoveMemberQuerySchema,
  RemoveMemberResultSchema,
  success,
  WorkspaceParamsSchema,
  WorkspacesPageQuerySchema,
} from '@wa-gate/contracts';
import { ok, pagination } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import type { MembersService } from './members.service.ts';

export interface MembersRoutesOptions {
  members: MembersService;
  guards: Guards;
}

/** Who works in a workspace, and as what. */
export const membersRoutes: FastifyPluginAsyncTypebox<MembersRoutesOptions> = async (app, { members, guards }) => {
  const tags = ['Workspaces'];
  const onRequest = guards({ audience: 'workspace', permission: 'users.manage', workspace: 'path' });

  app.get(
    '/workspaces/:id/members',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'members.list',
        summary: 'List members',
        params: WorkspaceParamsSchema,
        querystring: WorkspacesPageQuerySchema,
        response: { 200: success(ListMembersResultSchema), ...errorResponses('WORKSPACE_NOT_FOUND') },
      },
    },
    async (request) => {
      const { page = 1, limit = LIMITS.pageDefault } = request.query;
      const found = await members.list(principalOf(request).workspaceId, { page, limit });
      return ok({ members: found.members, pagination: pagination(found.total, page, limit) });
    },
  );

  app.patch(
    '/workspaces/:id/members/:userId',
    {
      onRequest,
      config: { audit: 'member.role_changed' },
      schema: {
        tags,
        operationId: 'members.update',
        summary: 'Change the role of a member',
        description:
          'In force everywhere within a second. With a lesser role the keys that they have made become less too, and their open invitations are withdrawn.',
        params: MemberParamsSchema,
        body: ChangeMemberRequestSchema,
        response: {
          200: success(MemberResultSchema),
          ...errorResponses('WORKSPACE_NOT_FOUND', 'MEMBER_NOT_FOUND', 'LAST_OWNER'),
        },
      },
    },
    async (request) => {
      const { userId } = request.params;
      const member = await members.changeRole(actorOf(request), principalOf(request), userId, request.body.role);
      return ok({ member });
    },
  );

  app.delete(
    '/workspaces/:id/members/:userId',
    {
      onRequest,
      config: { audit: 'member.removed' },
      schema: {
        tags,
        operationId: 'members.remove',
        summary: 'Remove a member',
        description: 'In force everywhere within a second.',
        params: MemberParamsSchema,
        querystring: RemoveMemberQuerySchema,
        response: {
          200: success(RemoveMemberResultSchema),
          ...errorResponses('WORKSPACE_NOT_FOUND', 'MEMBER_NOT_FOUND', 'LAST_OWNER'),
        },
      },
    },
    async (request) => {
      const { workspaceId } = principalOf(request);
      const { keys = 'revoke' } = request.query;
      return ok(await members.remove(actorOf(request), workspaceId, request.params.userId, keys));
    },
  );

  app.post(
    '/workspaces/:id/leave',
    {
      onRequest: guards({ audience: 'person', workspace: 'path' }),
      config: { audit: 'member.removed' },
      schema: {
        tags,
        operationId: 'workspaces.leave',
        summary: 'Leave a workspace',
        description: 'The keys that you have made there are revoked.',
        params: WorkspaceParamsSchema,
        response: {
          200: success(RemoveMemberResultSchema),
          ...errorResponses('WORKSPACE_NOT_FOUND', 'MEMBER_NOT_FOUND', 'LAST_OWNER'),
        },
      },
    },
    async (request) => {
      const { workspaceId, userId } = principalOf(request);
      return ok(await members.remove(actorOf(request), workspaceId, userId, 'revoke'));
    },
  );
};
