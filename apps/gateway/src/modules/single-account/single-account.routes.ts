import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  DefaultSessionBodySchema,
  DefaultSessionHeadersSchema,
  DefaultSessionQuerySchema,
  defaultSessionQuery,
  LIMITS,
  OPERATION_NAMES,
  operationOf,
  QrHistoryQuerySchema,
  QrHistoryResultSchema,
  success,
} from '@wa-gate/contracts';
import { Type } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { isUuid } from '../../http/uuid.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { addOperation, describeOperation, type OperationServices } from '../live/index.ts';
import { DEFAULT_SESSION_ERRORS, type SessionDirectory, sessionOfRequest } from '../sessions/index.ts';
import { presentQr } from './present-qr.ts';
import type { QrHistoryRepository } from './qr-history.ts';

export interface SingleAccountRoutesOptions extends OperationServices {
  directory: SessionDirectory;
  qrHistory: QrHistoryRepository;
  guards: Guards;
}

const tags = ['Single account'];
const WHICH = 'Of the session that the call names, else of the default session of its caller.';

/**
 * Calls that name no session: they act on the caller's default session, and are the same as those below
 * /api/sessions/{id}.
 */
export const singleAccountRoutes: FastifyPluginAsyncTypebox<SingleAccountRoutesOptions> = async (app, options) => {
  const { directory, qrHistory, guards } = options;
  for (const name of OPERATION_NAMES) {
    const { method, alias, audience = 'caller', permission, limits: ownLimits, errors } = operationOf(name);
    if (!alias) continue;
    const { path, operationId, summary, description, limits = ownLimits } = alias;
    const { response, querystring } = describeOperation(name);
    addOperation(app, options, {
      name,
      url: path,
      onRequest: guards({ audience, permission, ...(limits && { limits }) }),
      sessionOf: (request) => sessionOfRequest(directory, request),
      schema: {
        tags,
        operationId,
        summary,
        description: description ?? WHICH,
        headers: DefaultSessionHeadersSchema,
        querystring: querystring
          ? Type.Object({ ...querystring.properties, ...defaultSessionQuery })
          : DefaultSessionQuerySchema,
        ...(method !== 'GET' && { body: DefaultSessionBodySchema }),
        response: { 200: response, ...errorResponses(...DEFAULT_SESSION_ERRORS, ...errors) },
      },
    });
  }

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
};
