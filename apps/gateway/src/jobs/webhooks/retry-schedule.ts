const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pauses between attempts: the fast ones of the v2 brief, then a long tail for receivers that are away for longer. */
export const RETRY_DELAYS_MS: readonly number[] = [
  1 * SECOND,
  2 * SECOND,
  4 * SECOND,
  8 * SECOND,
  16 * SECOND,
  1 * MINUTE,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  8 * HOUR,
  24 * HOUR,
  36 * HOUR,
];

/** A receiver may ask for more patience than the schedule has, within this. */
const MAX_RETRY_AFTER_MS = 24 * HOUR;
/** Up to this share is added, so that many deliveries that failed together do not come back together. */
const JITTER = 0.2;

/** How an attempt ended. */
export type AttemptResult =
  | { kind: 'answered'; statusCode: number; retryAfter?: string | undefined }
  | { kind: 'failed'; error: string };

export type Verdict =
  | { status: 'DELIVERED'; responseCode: number }
  | { status: 'RETRYING'; delayMs: number; responseCode?: number; error: string }
  /** `gone`: the receiver wants no more events at all. */
  | { status: 'FAILED'; responseCode?: number; error: string; gone: boolean };

const GONE = 410;
/** Statuses whose Retry-After is followed. */
const MAY_ASK_FOR_PATIENCE = new Set([429, 503]);

/** Milliseconds of a Retry-After: seconds, or a date. Nothing sensible: `undefined`. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (!value) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * SECOND : Date.parse(value) - now;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}

/**
 * What to do after attempt number `attempts + 1`.
 *
 * @param attempts how many there were before
 */
export function judgeAttempt(
  result: AttemptResult,
  attempts: number,
  { now = Date.now(), random = Math.random }: { now?: number; random?: () => number } = {},
): Verdict {
  if (result.kind === 'answered') {
    const { statusCode: responseCode } = result;
    if (responseCode >= 200 && responseCode < 300) return { status: 'DELIVERED', responseCode };
    const error = `The receiver answered ${responseCode}.`;
    if (responseCode === GONE) return { status: 'FAILED', responseCode, error, gone: true };
    const asked = MAY_ASK_FOR_PATIENCE.has(responseCode) ? parseRetryAfter(result.retryAfter, now) : undefined;
    return retry({ responseCode, error }, attempts, random, asked);
  }
  return retry({ error: result.error }, attempts, random);
}

function retry(
  facts: { responseCode?: number; error: string },
  attempts: number,
  random: () => number,
  askedMs = 0,
): Verdict {
  const scheduled = RETRY_DELAYS_MS[attempts];
  if (scheduled === undefined) return { ...facts, status: 'FAILED', gone: false };
  const jittered = Math.round(scheduled * (1 + JITTER * random()));
  return { ...facts, status: 'RETRYING', delayMs: Math.max(jittered, askedMs) };
}
