import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ERROR_CODES, ERRORS, type ErrorCode, ErrorDescriptionSchema, success } from '@wa-gate/contracts';
import { Type } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';

const describe = (code: ErrorCode) => {
  const { status: httpStatus, retryable, sentence } = ERRORS[code];
  return { code, httpStatus, retryable, sentence };
};
const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

/** What the `docs` of an error point at. */
export const errorCodesRoutes: FastifyPluginAsyncTypebox<{ guards: Guards }> = async (app, { guards }) => {
  app.get(
    '/errors/:code',
    {
      onRequest: guards({ audience: 'public' }),
      schema: {
        tags: ['Errors'],
        security: [],
        operationId: 'errorCodes.get',
        summary: 'What an error code means',
        params: Type.Object({ code: Type.String({ maxLength: 100, examples: ['SESSION_NOT_CONNECTED'] }) }),
        response: { 200: success(ErrorDescriptionSchema), ...errorResponses('ERROR_CODE_NOT_FOUND') },
      },
    },
    async (request) => {
      const { code } = request.params;
      if (!isErrorCode(code)) throw new ApiError('ERROR_CODE_NOT_FOUND');
      return ok(describe(code));
    },
  );

  app.get(
    '/errors',
    {
      onRequest: guards({ audience: 'public' }),
      schema: {
        tags: ['Errors'],
        security: [],
        operationId: 'errorCodes.list',
        summary: 'All error codes and what they mean',
        response: { 200: success(Type.Array(ErrorDescriptionSchema)), ...errorResponses() },
      },
    },
    async () => ok(ERROR_CODES.map(describe)),
  );
};
