import type { AttemptOutcome } from './attempt-outcome.ts';
import { parseRetryAfter } from './retry-schedule.ts';

const GONE = 410;
/** Whoever answers so is busy, or stands before a receiver that is away. */
const OF_THE_ENDPOINT = new Set([408, 429, 502, 503, 504]);
/** What a wrong address, a wrong password and a broken receiver answer to everything, and some to one event. */
const UNCLEAR = new Set([401, 403, 404, 405, 407]);
/** Statuses whose Retry-After is followed. */
const MAY_ASK_FOR_PATIENCE = new Set([429, 503]);

export interface HttpAnswer {
  statusCode: number;
  retryAfter?: string | undefined;
  /** The beginning of its body. */
  text?: string | undefined;
}

/** What an answer of a receiver says. A redirect is not followed. */
export function judgeAnswer({ statusCode, retryAfter, text }: HttpAnswer, now = Date.now()): AttemptOutcome {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered', statusCode };
  const retryAfterMs = MAY_ASK_FOR_PATIENCE.has(statusCode) ? parseRetryAfter(retryAfter, now) : undefined;
  return {
    kind: 'failed',
    scope: scopeOf(statusCode),
    error: `The receiver answered ${statusCode}.`,
    statusCode,
    retryAfterMs,
    answer: text || undefined,
  };
}

function scopeOf(statusCode: number) {
  if (statusCode === GONE) return 'gone';
  if (OF_THE_ENDPOINT.has(statusCode)) return 'endpoint';
  return UNCLEAR.has(statusCode) || statusCode < 400 || statusCode >= 500 ? 'unclear' : 'event';
}

/**
 * What the lack of an answer says.
 *
 * @param isConnected the request was on its way
 */
export function judgeError(error: unknown, isConnected: boolean): AttemptOutcome {
  const isNoHttp = (error as Error).name === 'HTTPParserError';
  return {
    kind: 'failed',
    scope: isConnected && isNoHttp ? 'unclear' : 'endpoint',
    error: isNoHttp ? `The receiver's answer is no HTTP: ${describe(error)}` : describe(error),
    isUnreachable: !isConnected,
  };
}

function describe(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  // PostgreSQL stores no NUL in a text.
  return (message || code || 'The request failed.').replaceAll('\0', '').slice(0, 500);
}
