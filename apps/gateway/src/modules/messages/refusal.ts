import type { Acceptance } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';

type Refusal = Exclude<Acceptance, { outcome: 'accepted' | 'used' }>;

const REFUSALS = {
  'unknown-session': 'SESSION_NOT_FOUND',
  'not-paired': 'SESSION_NOT_CONNECTED',
  'logged-out': 'SESSION_LOGGED_OUT',
} as const;

/** What the caller is told when the session takes nothing. */
export function refusal(acceptance: Refusal): ApiError {
  switch (acceptance.outcome) {
    case 'connecting':
      // Scanned a moment ago, or just created: waiting helps, another QR code does not.
      return new ApiError('SESSION_NOT_CONNECTED', {
        message: 'The session is still connecting. Send again when GET /api/sessions/{id}/status says `connected`.',
        retryable: true,
      });
    case 'time-locked':
      return new ApiError('WA_REACHOUT_TIMELOCK', {
        details: { until: acceptance.until.toISOString() },
        retryAfter: acceptance.retryAfterSeconds,
      });
    default:
      return new ApiError(REFUSALS[acceptance.outcome]);
  }
}
