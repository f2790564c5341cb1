export interface BackoffOptions {
  /** First delay in milliseconds. */
  initialMs: number;
  /** Ceiling of the delay in milliseconds. */
  maxMs: number;
  /** Growth per attempt. @default 2 */
  factor?: number;
}

/**
 * Milliseconds before attempt `attempt` (0 = first retry): exponential, with jitter over the upper half, so that many
 * clients that failed together do not return together.
 */
export function backoffDelay(
  attempt: number,
  { initialMs, maxMs, factor = 2 }: BackoffOptions,
  random = Math.random,
): number {
  const ceiling = Math.min(maxMs, initialMs * factor ** Math.min(attempt, 40));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}
