import { isWaGateError } from '@wa-gate/sdk';

const AWAY: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * Whether the gateway, or the way to it, was away: there was no answer, or one of a proxy, which may be a page with
 * status 200. The same request may succeed in a moment.
 */
export const isAway = (error: unknown): boolean =>
  isWaGateError(error) && (error.status === undefined || error.status < 400 || AWAY.has(error.status));
