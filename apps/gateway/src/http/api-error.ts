import { ERRORS, type ErrorCode } from '@wa-gate/contracts';

export interface ApiErrorOptions {
  /** A more exact sentence than the one of the table. */
  message?: string;
  details?: Record<string, unknown>;
  /** Overrides the entry of the code's table: a retry later helps. */
  retryable?: boolean;
  /** Seconds, also sent as Retry-After. */
  retryAfter?: number;
  cause?: unknown;
}

/** An expected refusal. Its code determines status and retryability, by the table in contracts. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, { message, details, retryable, retryAfter, cause }: ApiErrorOptions = {}) {
    super(message ?? ERRORS[code].sentence, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
    this.retryable = retryable ?? ERRORS[code].retryable;
    this.retryAfter = retryAfter;
  }
}
