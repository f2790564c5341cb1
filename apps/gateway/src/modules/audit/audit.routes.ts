import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  type AuditEntry,
  LIMITS,
  ListAllAuditLogsQuerySchema,
  ListAuditLogsQuerySchema,
  ListAuditLogsResultSchema,
  success,
} from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import type { LogPage } from '../../http/log-page.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { AuditLog } from './audit-log.ts';

export interface AuditRoutesOptions {
  audit: AuditLog;
  guards: Guards;
}

const shown = ({ entries, nextCursor }: LogPage<AuditEntry>) =>
  ok({ auditLogs: entries, pagination: { nextCursor, hasMore: nextCursor !== null } });

export const auditRoutes: FastifyPluginAsyncTypebox<AuditRoutesOptions> = async (app, { audit, guards }) => {
  app.get(
    '/audit-logs',
    {
      onRequest: guards({ audience: 'workspace', permission: 'users.manage' }),
      schema: {
        tags: ['Audit'],
        operationId: 'auditLogs.list',
        summary: 'Who changed what in the workspace',
        description: 'Newest first. Kept as long as the operator has set (AUDIT_RETENTION_DAYS, 365 by default).',
        querystring: ListAuditLogsQuerySchema,
        response: { 200: success(ListAuditLogsResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = LIMITS.pageDefault, ...filter } = request.query;
      return shown(await audit.list({ ...filter, limit, workspaceId: principalOf(request).workspaceId }));
    },
  );

  app.get(
    '/admin/audit-logs',
    {
      onRequest: guards({ audience: 'administrator' }),
      schema: {
        tags: ['Audit'],
        operationId: 'auditLogs.listAll',
        summary: 'Who changed what in the whole installation',
        description: 'Newest first. Kept as long as the operator has set (AUDIT_RETENTION_DAYS, 365 by default).',
        querystring: ListAllAuditLogsQuerySchema,
        response: { 200: success(ListAuditLogsResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = LIMITS.pageDefault, workspace, ...filter } = request.query;
      return shown(await audit.list({ ...filter, limit, workspaceId: workspace }));
    },
  );
};
