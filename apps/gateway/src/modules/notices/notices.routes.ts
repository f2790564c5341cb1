import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ChangeNoticeSettingsRequestSchema,
  LIMITS,
  ListNoticesQuerySchema,
  ListNoticesResultSchema,
  NoticeSettingsResultSchema,
  NoticeSubscriptionRequestSchema,
  NoticeSubscriptionResultSchema,
  NoticesParamsSchema,
  success,
} from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import type { NoticesPage, NoticesService } from './notices.service.ts';

export interface NoticesRoutesOptions {
  notices: NoticesService;
  guards: Guards;
}

const tags = ['Notices'];

const shown = ({ notices, nextCursor }: NoticesPage) =>
  ok({ notices, pagination: { nextCursor, hasMore: nextCursor !== null } });

/** What was told about sessions, workers and webhooks, and to whom. `{id}` names the workspace. */
export const noticesRoutes: FastifyPluginAsyncTypebox<NoticesRoutesOptions> = async (app, { notices, guards }) => {
  app.get(
    '/workspaces/:id/notices',
    {
      onRequest: guards({ audience: 'workspace', permission: 'logs.view', workspace: 'path' }),
      schema: {
        tags,
        operationId: 'notices.list',
        summary: 'What is wrong with the sessions of a workspace, and what was told of it',
        description: 'Newest first. Kept for 90 days after its end.',
        params: NoticesParamsSchema,
        querystring: ListNoticesQuerySchema,
        response: { 200: success(ListNoticesResultSchema), ...errorResponses('WORKSPACE_NOT_FOUND') },
      },
    },
    async (request) => {
      const { limit = LIMITS.pageDefault, ...query } = request.query;
      return shown(await notices.list({ workspaceId: principalOf(request).workspaceId }, { ...query, limit }));
    },
  );

  app.get(
    '/workspaces/:id/notices/settings',
    {
      onRequest: guards({ audience: 'workspace', permission: 'users.manage', workspace: 'path' }),
      schema: {
        tags,
        operationId: 'notices.settings',
        summary: 'Who is told what, and after how long',
        params: NoticesParamsSchema,
        response: { 200: success(NoticeSettingsResultSchema), ...errorResponses('WORKSPACE_NOT_FOUND') },
      },
    },
    async (request) => ok({ settings: await notices.settings(principalOf(request).workspaceId) }),
  );

  app.patch(
    '/workspaces/:id/notices/settings',
    {
      onRequest: guards({ audience: 'workspace', permission: 'users.manage', workspace: 'path' }),
      config: { audit: 'notices.updated' },
      schema: {
        tags,
        operationId: 'notices.update',
        summary: 'Change who is told what, and after how long',
        description:
          'It is about mails. Webhooks get the event `session.notice` as they get other events: by the list of their own.',
        params: NoticesParamsSchema,
        body: ChangeNoticeSettingsRequestSchema,
        response: { 200: success(NoticeSettingsResultSchema), ...errorResponses('WORKSPACE_NOT_FOUND') },
      },
    },
    async (request) =>
      ok({ settings: await notices.change(actorOf(request), principalOf(request).workspaceId, request.body) }),
  );

  app.put(
    '/workspaces/:id/notices/subscription',
    {
      onRequest: guards({ audience: 'person', workspace: 'path' }),
      config: { audit: 'notices.subscribed' },
      schema: {
        tags,
        operationId: 'notices.subscribe',
        summary: 'Whether I get the mails of a workspace',
        description: 'For yourself. Mails go to members whose role the settings of the workspace name.',
        params: NoticesParamsSchema,
        body: NoticeSubscriptionRequestSchema,
        response: { 200: success(NoticeSubscriptionResultSchema), ...errorResponses('WORKSPACE_NOT_FOUND') },
      },
    },
    async (request) => {
      const { mail } = request.body;
      await notices.subscribe(actorOf(request), principalOf(request), mail);
      return ok({ mail });
    },
  );

  app.get(
    '/admin/notices',
    {
      onRequest: guards({ audience: 'administrator' }),
      schema: {
        tags,
        operationId: 'notices.listAll',
        summary: 'What is wrong with the installation, and what was told of it',
        description: 'Workers lost, sessions without room, webhooks that are switched off. Newest first.',
        querystring: ListNoticesQuerySchema,
        response: { 200: success(ListNoticesResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = LIMITS.pageDefault, ...query } = request.query;
      return shown(await notices.list('administrators', { ...query, limit }));
    },
  );

  app.put(
    '/admin/notices/subscription',
    {
      onRequest: guards({ audience: 'administrator' }),
      config: { audit: 'notices.subscribed' },
      schema: {
        tags,
        operationId: 'notices.subscribeAdministrator',
        summary: 'Whether I get the mails about the installation',
        description: 'For yourself; a key stands for the person who has made it.',
        body: NoticeSubscriptionRequestSchema,
        response: { 200: success(NoticeSubscriptionResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { mail } = request.body;
      await notices.subscribeAdministrator(actorOf(request), principalOf(request).userId, mail);
      return ok({ mail });
    },
  );
};
