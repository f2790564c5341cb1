import { ERRORS, type ErrorCode } from '@wa-gate/contracts';

export interface ApiErrorOptions {
  /** A more exact sentence than the one of the table. */
  message?: string;
  details?: Record<string, unknown>;
  /** Seconds, also sent as Retry-After. */
  retryAfter?: number;
  cause?: unknown;
}

/** An expected refusal. Its code says everything about it: status and retryability come from the table in contracts. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, { message, details, retryAfter, cause }: ApiErrorOptions = {}) {
    super(message ?? ERRORS[code].sentence, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}
