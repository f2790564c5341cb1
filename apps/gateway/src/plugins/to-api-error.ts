import { type ErrorCode, LIMITS } from '@wa-gate/contracts';
import { isDatabaseUnavailable } from '@wa-gate/db';
import type { FastifyError, FastifySchema } from 'fastify';
import { ApiError } from '../http/api-error.ts';
import { invalidRequest } from './validation-issues.ts';

/** Errors of Fastify itself, by their code. */
const FRAMEWORK_ERRORS: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_JSON_BODY: 'INVALID_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'INVALID_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'BAD_REQUEST',
};
/** `statement_timeout`: PostgreSQL did not get to it in time. */
const STATEMENT_TIMEOUT = '57014';
const DATABASE_RETRY_SECONDS = 2;
const FOREIGN_KEY_VIOLATION = '23503';
/**
 * By the end of the name of a constraint: the code for the parent row that is gone, as a later request would get it.
 */
const GONE: readonly [end: string, code: ErrorCode][] = [
  ['_session_id_fkey', 'SESSION_NOT_FOUND'],
  ['_workspace_id_fkey', 'UNAUTHENTICATED'],
  ['_user_id_fkey', 'UNAUTHENTICATED'],
];

/**
 * For a row whose session, workspace or user was deleted at the same moment: gateways may still have it in memory for
 * up to a second.
 */
function goneMeanwhile(error: unknown): ErrorCode | undefined {
  const { code, constraint = '' } = error as { code?: string; constraint?: string };
  return code === FOREIGN_KEY_VIOLATION ? GONE.find(([end]) => constraint.endsWith(end))?.[1] : undefined;
}

/** Turns whatever was thrown into the refusal that the caller sees. */
export function toApiError(
  error: unknown,
  schemas: FastifySchema = {},
  limitBytes: number = LIMITS.bodyBytes,
): ApiError {
  if (error instanceof ApiError) return error;
  const { validation, validationContext, code = '', statusCode = 500 } = error as Partial<FastifyError>;
  if (validation) {
    const schema = schemas[(validationContext ?? '') as keyof FastifySchema];
    return invalidRequest(validation, validationContext ?? 'request', schema);
  }
  const known = FRAMEWORK_ERRORS[code];
  if (known === 'BODY_TOO_LARGE') return new ApiError(known, { details: { limitBytes } });
  if (known) return new ApiError(known);
  if (isDatabaseUnavailable(error) || code === STATEMENT_TIMEOUT) {
    return new ApiError('DATABASE_UNAVAILABLE', { retryAfter: DATABASE_RETRY_SECONDS, cause: error });
  }
  const gone = goneMeanwhile(error);
  if (gone) return new ApiError(gone, { cause: error });
  if (error instanceof SyntaxError && statusCode === 400) return new ApiError('INVALID_JSON');
  if (statusCode >= 400 && statusCode < 500) return new ApiError('BAD_REQUEST', { cause: error });
  return new ApiError('INTERNAL', { cause: error });
}
