import { waitFor as poll } from '@wa-gate/testkit';

/**
 * How long a scenario waits for what must come. Far more than it takes on a machine that has time, because how fast it
 * comes is not what these tests are about; and less than a test may take, so that its report says what did not come.
 */
const PATIENCE_MS = 60_000;

/**
 * Polls until `read` returns something truthy and returns it; a thrown error counts as "not yet" and is shown at the
 * time-out.
 */
export const waitFor = <T>(
  read: () => T | Promise<T>,
  options: { timeoutMs?: number; everyMs?: number; what?: string } = {},
): Promise<NonNullable<Exclude<T, false>>> => poll(read, { timeoutMs: PATIENCE_MS, ...options });
