/** What a refused or lost request tells. `code` is that of the API; `OFFLINE`: no answer came at all. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, unknown> | undefined;
  /** Seconds after which the request may succeed. */
  readonly retryAfter: number | undefined;
  readonly requestId: string | undefined;

  constructor(
    message: string,
    facts: {
      code: string;
      status: number;
      details?: Record<string, unknown> | undefined;
      retryAfter?: number | undefined;
      requestId?: string | undefined;
    },
  ) {
    super(message);
    this.code = facts.code;
    this.status = facts.status;
    this.details = facts.details;
    this.retryAfter = facts.retryAfter;
    this.requestId = facts.requestId;
  }

  /** Whether the gateway, or the way to it, was away: the same request may succeed in a moment. */
  get isAway(): boolean {
    return this.code === 'OFFLINE' || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

interface ErrorBody {
  error?: unknown;
  code?: unknown;
  details?: Record<string, unknown>;
  retryAfter?: number;
  requestId?: string;
}

/** @param body what the answer had: the envelope of an error, or the page of a proxy */
export function toApiError(response: Response, body: unknown): ApiError {
  const { error, code, details, retryAfter, requestId } = (typeof body === 'object' && body ? body : {}) as ErrorBody;
  return new ApiError(typeof error === 'string' ? error : `The gateway answered ${response.status}.`, {
    code: typeof code === 'string' ? code : `HTTP_${response.status}`,
    status: response.status,
    details,
    retryAfter,
    requestId,
  });
}
