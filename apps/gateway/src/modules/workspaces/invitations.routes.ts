import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AcceptInvitationResultSchema,
  InvitationParamsSchema,
  InvitationTokenParamsSchema,
  InviteRequestSchema,
  InviteResultSchema,
  LIMITS,
  ListInvitationsResultSchema,
  OpenInvitationResultSchema,
  RevokeInvitationResultSchema,
  success,
  WorkspaceParamsSchema,
  WorkspacesPageQuerySchema,
} from '@wa-gate/contracts';
import { ok, pagination } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Access, Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import type { InvitationsService } from './invitations.service.ts';

export interface InvitationsRoutesOptions {
  invitations: InvitationsService;
  guards: Guards;
}

/** How people come into a workspace. */
export const invitationsRoutes: FastifyPluginAsyncTypebox<InvitationsRoutesOptions> = async (app, options) => {
  const { invitations, guards } = options;
  const tags = ['Workspaces'];
  const access: Access = { audience: 'workspace', permission: 'users.manage', workspace: 'path' };
  const onRequest = guards(access);

  app.get(
    '/workspaces/:id/invitations',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'invitations.list',
        summary: 'List open invitations',
        params: WorkspaceParamsSchema,
        querystring: WorkspacesPageQuerySchema,
        response: { 200: success(ListInvitationsResultSchema), ...errorResponses('WORKSPACE_NOT_FOUND') },
      },
    },
    async (request) => {
      const { page = 1, limit = LIMITS.pageDefault } = request.query;
      const found = await invitations.list(principalOf(request).workspaceId, { page, limit });
      return ok({ invitations: found.invitations, pagination: pagination(found.total, page, limit) });
    },
  );

  app.post(
    '/workspaces/:id/invitations',
    {
      onRequest: guards({ ...access, limits: ['invitations'] }),
      config: { audit: 'invitation.created' },
      schema: {
        tags,
        operationId: 'invitations.create',
        summary: 'Invite somebody',
        description: [
          'By e-mail, as a viewer unless you say otherwise. The answer shows the token, once; where this installation sends mail, it is mailed too. Good for 7 days,',
          'for a person who is logged in with that address. An open invitation to the same address is replaced.',
        ].join(' '),
        params: WorkspaceParamsSchema,
        body: InviteRequestSchema,
        response: {
          201: success(InviteResultSchema),
          ...errorResponses('WORKSPACE_NOT_FOUND', 'MEMBER_EXISTS'),
        },
      },
    },
    async (request, reply) => {
      const made = await invitations.create(actorOf(request), principalOf(request), request.body);
      return reply.code(201).header('cache-control', 'no-store').send(ok(made));
    },
  );

  app.delete(
    '/workspaces/:id/invitations/:invitationId',
    {
      onRequest,
      config: { audit: 'invitation.revoked' },
      schema: {
        tags,
        operationId: 'invitations.withdraw',
        summary: 'Withdraw an invitation',
        params: InvitationParamsSchema,
        response: {
          200: success(RevokeInvitationResultSchema),
          ...errorResponses('WORKSPACE_NOT_FOUND', 'INVITATION_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const { invitationId } = request.params;
      await invitations.revoke(actorOf(request), principalOf(request).workspaceId, invitationId);
      return ok({ invitationId, revoked: true as const });
    },
  );

  app.get(
    '/invitations/:token',
    {
      onRequest: guards({ audience: 'public' }),
      schema: {
        tags,
        operationId: 'invitations.get',
        summary: 'Look at an invitation',
        description: 'By its token, before you have an account.',
        params: InvitationTokenParamsSchema,
        response: { 200: success(OpenInvitationResultSchema), ...errorResponses('INVITATION_NOT_FOUND') },
        security: [],
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return ok({ invitation: await invitations.look(request.params.token) });
    },
  );

  app.post(
    '/invitations/:token/accept',
    {
      onRequest: guards({ audience: 'person' }),
      config: { audit: 'invitation.accepted' },
      schema: {
        tags,
        operationId: 'invitations.accept',
        summary: 'Accept an invitation',
        description:
          'As a person whose e-mail it was sent to. POST /api/auth/switch then gives a token for the workspace.',
        params: InvitationTokenParamsSchema,
        response: {
          200: success(AcceptInvitationResultSchema),
          ...errorResponses('INVITATION_NOT_FOUND', 'MEMBER_EXISTS'),
        },
      },
    },
    async (request) => {
      const { userId } = principalOf(request);
      return ok({ workspace: await invitations.accept(actorOf(request), userId, request.params.token) });
    },
  );
};
