import type { WaGateError } from './errors.ts';

/** Codes of refusals with 503 before anything was done. */
const REFUSED_AT_ONCE: ReadonlySet<string> = new Set(['SESSION_MOVING', 'NO_WORKER']);
const AGAIN_LATER: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Whether the gateway has certainly not begun what it was asked for. */
const isRefusedAtOnce = ({ status, code }: WaGateError): boolean =>
  status === 429 || (status === 503 && REFUSED_AT_ONCE.has(code));

/**
 * Whether a failed call may be made again.
 *
 * @param isRepeatable what is done twice is as if done once: reads, replacements, deletions, and what has an
 *   Idempotency-Key. A message without one would be sent twice when its answer was lost.
 */
export function mayRepeat(error: WaGateError, isRepeatable: boolean): boolean {
  if (!error.isRetryable) return false;
  if (isRefusedAtOnce(error)) return true;
  const isWorthIt = error.status === undefined || AGAIN_LATER.has(error.status);
  return isRepeatable && isWorthIt;
}

const FIRST_MS = 250;
/** Unless `Retry-After` names a longer one. */
const LONGEST_PAUSE_MS = 8_000;

/**
 * Milliseconds until the next attempt: what `Retry-After` says, else doubling, with a random part that keeps many
 * clients from coming in the same moment.
 *
 * @param attempt of the one that failed, from 1
 * @param longestMs of a pause that no `Retry-After` names
 * @param random 0 to 1
 */
export function pauseBefore(
  attempt: number,
  retryAfter: number | undefined,
  longestMs = LONGEST_PAUSE_MS,
  random = Math.random(),
): number {
  if (retryAfter !== undefined) return Math.ceil(retryAfter * 1_000 * (1 + random / 10));
  return Math.min(longestMs, LONGEST_PAUSE_MS, FIRST_MS * 2 ** (attempt - 1)) * (0.5 + random / 2);
}

/** Resolves after the time, and rejects with the reason of the signal when that comes first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
