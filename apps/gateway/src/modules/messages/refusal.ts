import { LIMITS } from '@wa-gate/contracts';
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
    case 'past':
      return new ApiError('VALIDATION', {
        message: '`scheduledAt` is over by the clock of the server. Give a time ahead, or leave it out to send now.',
      });
    case 'too-far':
      return new ApiError('VALIDATION', {
        message: `\`scheduledAt\` is more than ${LIMITS.scheduleDays} days ahead. Schedule the message later.`,
      });
    case 'expired':
      return new ApiError('VALIDATION', {
        message: '`expiresAt` is over by the clock of the server: the message would never be sent.',
      });
    default:
      return new ApiError(REFUSALS[acceptance.outcome]);
  }
}
