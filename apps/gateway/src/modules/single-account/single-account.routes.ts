import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  DefaultSessionBodySchema,
  DefaultSessionHeadersSchema,
  DefaultSessionQrQuerySchema,
  DefaultSessionQuerySchema,
  LIMITS,
  QrHistoryQuerySchema,
  QrHistoryResultSchema,
  SessionActionSchema,
  SessionStatusSchema,
  success,
} from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { isUuid } from '../../http/uuid.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import type { OwnerLink } from '../../worker-links/owner-link.ts';
import type { AuditLog } from '../audit/index.ts';
import {
  actOnSession,
  createOwnerRoutes,
  LIVE_ERRORS,
  liveStatus,
  qrAnswer,
  STATUS_TIMEOUT_MS,
  showQr,
} from '../live/index.ts';
import {
  DEFAULT_SESSION_ERRORS,
  type SessionDirectory,
  type SessionsService,
  sessionOfRequest,
} from '../sessions/index.ts';
import { presentQr } from './present-qr.ts';
import type { QrHistoryRepository } from './qr-history.ts';

export interface SingleAccountRoutesOptions {
  owner: OwnerLink;
  directory: SessionDirectory;
  sessions: SessionsService;
  qrHistory: QrHistoryRepository;
  audit: AuditLog;
  guards: Guards;
}

const tags = ['Single account'];
const WHICH = 'Of the session that the call names, else of the default session of its caller.';

/**
 * Calls that name no session: they act on the caller's default session, and are the same as those below
 * /api/sessions/{id}.
 */
export const singleAccountRoutes: FastifyPluginAsyncTypebox<SingleAccountRoutesOptions> = async (app, options) => {
  const { owner, directory, sessions, audit, qrHistory, guards } = options;
  const route = createOwnerRoutes(app, {
    owner,
    audit,
    sessionOf: (request) => sessionOfRequest(directory, request),
  });

  route({
    method: 'GET',
    url: '/qr',
    path: '/qr',
    onRequest: guards({ audience: 'caller', permission: 'system.manage', limits: ['qr', 'session_operations'] }),
    schema: {
      tags,
      operationId: 'defaultSession.qr',
      summary: 'The QR code to scan',
      description: `${WHICH} As JSON, or as a picture with \`?format=png|svg\` or by the Accept header.`,
      headers: DefaultSessionHeadersSchema,
      querystring: DefaultSessionQrQuerySchema,
      response: {
        200: qrAnswer,
        ...errorResponses(...DEFAULT_SESSION_ERRORS, ...LIVE_ERRORS, 'QR_NOT_READY', 'SESSION_ALREADY_PAIRED'),
      },
    },
    handle: showQr,
  });

  app.get(
    '/qr/history',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'defaultSession.qrHistory',
        summary: 'When QR codes were shown, and what became of them',
        description: `${WHICH} Newest first; the codes themselves are not stored. Kept for 30 days.`,
        headers: DefaultSessionHeadersSchema,
        querystring: QrHistoryQuerySchema,
        response: { 200: success(QrHistoryResultSchema), ...errorResponses(...DEFAULT_SESSION_ERRORS) },
      },
    },
    async (request) => {
      const { cursor, limit = LIMITS.pageDefault } = request.query;
      if (cursor !== undefined && !isUuid(cursor)) {
        throw new ApiError('VALIDATION', {
          message: 'The cursor is not valid: use `pagination.nextCursor` of the page before.',
        });
      }
      const session = await sessionOfRequest(directory, request);
      const rows = await qrHistory.list(session.id, cursor, limit + 1);
      const page = rows.slice(0, limit);
      const hasMore = rows.length > limit;
      return ok({
        history: page.map((record) => presentQr(session, record)),
        pagination: { nextCursor: hasMore ? page.at(-1)!.id : null, hasMore },
      });
    },
  );

  route({
    method: 'GET',
    url: '/whatsapp/status',
    path: '/status',
    onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
    timeoutMs: STATUS_TIMEOUT_MS,
    schema: {
      tags,
      operationId: 'defaultSession.status',
      summary: 'Status of the connection to WhatsApp',
      description: `${WHICH} As the worker says it now, or as it has written it last; \`source\` says which.`,
      headers: DefaultSessionHeadersSchema,
      querystring: DefaultSessionQuerySchema,
      response: { 200: success(SessionStatusSchema), ...errorResponses(...DEFAULT_SESSION_ERRORS) },
    },
    handle: (live) => liveStatus(sessions, live),
  });

  for (const [action, done, summary] of [
    ['restart', 'session.restarted', 'Close the connection to WhatsApp and open it again'],
    ['logout', 'session.logged_out', 'Unlink the device; asking for a QR code links it again'],
  ] as const) {
    route({
      method: 'POST',
      url: `/whatsapp/${action}`,
      path: `/${action}`,
      onRequest: guards({ audience: 'caller', permission: 'system.manage', limits: ['session_operations'] }),
      audit: done,
      schema: {
        tags,
        operationId: `defaultSession.${action}`,
        summary,
        description: WHICH,
        headers: DefaultSessionHeadersSchema,
        querystring: DefaultSessionQuerySchema,
        body: DefaultSessionBodySchema,
        response: { 200: success(SessionActionSchema), ...errorResponses(...DEFAULT_SESSION_ERRORS, ...LIVE_ERRORS) },
      },
      handle: (live) => actOnSession(sessions, live),
    });
  }
};
