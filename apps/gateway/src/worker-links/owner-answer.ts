import { type ErrorCode, OPERATION_NAMES, operationOf } from '@wa-gate/contracts';
import { ApiError } from '../http/api-error.ts';

/** The gateway's own answers, which a worker has no say in. */
const NOT_OF_WORKERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'SESSION_NOT_FOUND',
  'WORKER_ERROR',
]);

/** Refusals of a worker that are passed on to the caller. All others concern gateway and worker only. */
const FOR_THE_CALLER: ReadonlySet<string> = new Set<ErrorCode>([
  'VALIDATION',
  'SESSION_NOT_CONNECTED',
  'SESSION_LOGGED_OUT',
  'SESSION_MOVING',
  'DATABASE_UNAVAILABLE',
  ...OPERATION_NAMES.flatMap((name) => operationOf(name).errors.filter((code) => !NOT_OF_WORKERS.has(code))),
]);

/** No worker answers for the session. */
export const moving = (cause?: unknown): ApiError =>
  new ApiError('SESSION_MOVING', { retryAfter: 1, ...(cause !== undefined && { cause }) });

/** The connection to the owner ended in the middle of a call that must not be made twice. */
export const outcomeUnknown = (cause?: unknown): ApiError =>
  new ApiError('OUTCOME_UNKNOWN', cause !== undefined ? { cause } : {});

/** The answer has no proof to come from the owner. Nothing of it is used. */
export const unproven = (): ApiError =>
  new ApiError('WORKER_ERROR', { details: { reason: 'the worker did not prove who it is' } });

/** The worker's refusal with its own code and sentence where it is meant for the caller, else a 502. */
export function refusalOf(status: number, body: unknown): ApiError {
  const { code, error, details, retryAfter } = (body ?? {}) as {
    code?: string;
    error?: string;
    details?: Record<string, unknown>;
    retryAfter?: number;
  };
  if (code !== undefined && FOR_THE_CALLER.has(code)) {
    const seconds = retryAfter ?? (status === 503 && code !== 'OUTCOME_UNKNOWN' ? 1 : undefined);
    return new ApiError(code as ErrorCode, {
      ...(error && { message: error }),
      ...(details && { details }),
      ...(seconds !== undefined && { retryAfter: seconds }),
    });
  }
  return new ApiError('WORKER_ERROR', { details: { workerStatus: status }, ...(error && { message: error }) });
}
