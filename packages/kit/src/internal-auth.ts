import { createHmac, timingSafeEqual } from 'node:crypto';
import { deriveKey } from './secret-box.ts';

/**
 * Credential of calls from the gateway to one process life of one worker. Both sides derive it from the master key, so
 * nothing is exchanged, and it dies with the incarnation.
 */
export function internalToken(masterKey: Uint8Array, workerId: string, incarnation: bigint | number): string {
  return createHmac('sha256', deriveKey(masterKey, 'gateway-to-worker'))
    .update(`${workerId}.${incarnation}`)
    .digest('base64url');
}

/** Compares two tokens in constant time; the lengths may differ. */
export function tokensEqual(given: string, expected: string): boolean {
  const a = createHmac('sha256', 'compare').update(given).digest();
  const b = createHmac('sha256', 'compare').update(expected).digest();
  return timingSafeEqual(a, b);
}
