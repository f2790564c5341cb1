import type { Schemas } from './operation.ts';

/** The codes of the API, listed at `GET /api/errors`. */
export type ApiErrorCode = Schemas['Error']['code'];

/** The codes of the API, and those of failures that no gateway has told about. */
export type ErrorCode =
  | ApiErrorCode
  /** No connection, or it broke. `cause` has the error of `fetch`. */
  | 'CONNECTION_FAILED'
  /** No answer within `timeoutMs`; or a wait has ended without what it waited for. */
  | 'TIMEOUT'
  /** The answer is not one of a gateway: a proxy between, or another service at this address. */
  | 'UNEXPECTED_ANSWER'
  /** The message that was waited for has failed. `details.message` is the message. */
  | 'MESSAGE_FAILED';

export interface ErrorFacts {
  code: ErrorCode;
  status?: number | undefined;
  isRetryable?: boolean | undefined;
  retryAfter?: number | undefined;
  requestId?: string | undefined;
  details?: Record<string, unknown> | undefined;
  docs?: string | undefined;
  cause?: unknown;
}

const BRAND = Symbol.for('@wa-gate/sdk/WaGateError');

/** Every failure of a call. Decide by `code`; the sentence in `message` is for people. */
export class WaGateError extends Error {
  override readonly name = 'WaGateError';
  readonly code: ErrorCode;
  /** The HTTP status; `undefined` when there was no answer. */
  readonly status: number | undefined;
  /** Whether the same request may succeed later, unchanged. */
  readonly isRetryable: boolean;
  /** Seconds to wait before the next attempt, where the gateway has said so. */
  readonly retryAfter: number | undefined;
  /** What the logs of the gateway have this request under. */
  readonly requestId: string | undefined;
  readonly details: Record<string, unknown>;
  /** Path of the page that explains the code. */
  readonly docs: string | undefined;

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.status = facts.status;
    this.isRetryable = facts.isRetryable ?? false;
    this.retryAfter = facts.retryAfter;
    this.requestId = facts.requestId;
    this.details = facts.details ?? {};
    this.docs = facts.docs;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether it is a failure of a call, also when two copies of this package are loaded. */
export function isWaGateError(error: unknown): error is WaGateError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** Seconds of a `Retry-After`, which may be a date. */
export function readRetryAfter(value: string | null): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1_000);
}

/** Something else has answered. A page with a status below 400 may be that of a proxy whose gateway is away. */
export function unexpectedAnswer(response: Response, text: string): WaGateError {
  const { status, headers } = response;
  return new WaGateError(
    `The answer was ${status}, and not from a wa-gate gateway. Check the URL, and what is between.`,
    {
      code: 'UNEXPECTED_ANSWER',
      status,
      isRetryable: status >= 500 || status < 400,
      retryAfter: readRetryAfter(headers.get('retry-after')),
      requestId: headers.get('x-request-id') ?? undefined,
      details: { body: text.slice(0, 500) },
    },
  );
}

/** The error that a refused request was answered with. */
export async function errorOf(response: Response): Promise<WaGateError> {
  const text = await response.text().catch(() => '');
  const body = parse(text);
  if (!isErrorBody(body)) return unexpectedAnswer(response, text);
  return new WaGateError(body.error, {
    code: body.code,
    status: response.status,
    isRetryable: body.retryable,
    retryAfter: body.retryAfter ?? readRetryAfter(response.headers.get('retry-after')),
    requestId: body.requestId,
    details: body.details,
    docs: body.docs,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isErrorBody(body: unknown): body is Schemas['Error'] {
  return typeof body === 'object' && body !== null && 'code' in body && 'error' in body && 'retryable' in body;
}
