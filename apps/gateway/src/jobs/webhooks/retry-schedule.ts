const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pauses after each refusal of one event: the fast ones of the v2 brief, then a long tail. */
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

/** Pauses between the probes of an endpoint that takes nothing; the last one is repeated. */
const PROBE_DELAYS_MS: readonly number[] = [1, 2, 4, 8, 16, 30].map((seconds) => seconds * SECOND);

/** An event that an endpoint has not taken for so long, while it took nothing, is given up. */
export const PATIENCE_MS = 72 * HOUR;

/** A receiver may ask for more patience than a schedule has, within this. */
const MAX_RETRY_AFTER_MS = 24 * HOUR;
/** Up to this share is added, so that what failed together does not come back together. */
const JITTER = 0.2;

const jittered = (ms: number, random: () => number): number => Math.round(ms * (1 + JITTER * random()));

/** Milliseconds of a Retry-After: seconds, or a date. Nothing sensible: `undefined`. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (!value) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * SECOND : Date.parse(value) - now;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}

/**
 * Milliseconds until an event that the receiver refuses is tried again; `undefined`: it is given up.
 *
 * @param refusals how often it was refused, this time included
 */
export function retryDelay(refusals: number, askedMs = 0, random: () => number = Math.random): number | undefined {
  const scheduled = RETRY_DELAYS_MS[refusals - 1];
  return scheduled === undefined ? undefined : Math.max(jittered(scheduled, random), askedMs);
}

/** How long what failed waits. */
export interface Pauses {
  retry: typeof retryDelay;
  probe: typeof probeDelay;
}

/** Milliseconds until an endpoint that has failed so many times in a row is probed again. */
export function probeDelay(failures: number, askedMs = 0, random: () => number = Math.random): number {
  const scheduled = PROBE_DELAYS_MS[Math.min(failures, PROBE_DELAYS_MS.length) - 1]!;
  return Math.max(jittered(scheduled, random), askedMs);
}

export const PAUSES: Pauses = { retry: retryDelay, probe: probeDelay };
