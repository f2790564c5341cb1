import { waitFor as poll } from '@wa-gate/testkit';

/**
 * Milliseconds that a scenario waits for an event. Far above its usual time, because these tests are not about speed,
 * and below the timeout of a test, so that the report names what did not come.
 */
const PATIENCE_MS = 60_000;

/**
 * Polls until `read` returns a truthy value and returns it. A thrown error counts as "not yet" and is shown at the
 * timeout.
 */
export const waitFor = <T>(
  read: () => T | Promise<T>,
  options: { timeoutMs?: number; everyMs?: number; what?: string } = {},
): Promise<NonNullable<Exclude<T, false>>> => poll(read, { timeoutMs: PATIENCE_MS, ...options });
