import { MESSAGE_LIMIT, RATE_LIMITS } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import type { Principal } from '../../principal.ts';
import type { Bucket } from './buckets.ts';
import type { Verdict } from './counters.ts';
import { secondsOf } from './headers.ts';

const UNITS = [
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** Such as `15 minutes` or `1 hour`. */
export function describeSeconds(seconds: number): string {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length && seconds % length === 0) ?? UNITS[2];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** The 429 of a bucket that is used up: which one, how many it allows, and when to come back. */
export function refusalOf(buckets: readonly Bucket[], verdict: Verdict, principal: Principal | null): ApiError {
  const index = verdict.refusedBy;
  const { name, limit } = buckets[index]!;
  const max = verdict.maxima[index]!;
  const retryAfter = Math.max(1, secondsOf(verdict.resets[index]!));
  const resetAt = new Date(Date.now() + verdict.resets[index]!).toISOString();
  if (name === MESSAGE_LIMIT) {
    const tier = principal?.tier ?? 'BASIC';
    return new ApiError('TIER_MESSAGE_LIMIT', {
      message: `Message limit exceeded. ${tier} tier allows ${limit.max} messages per hour`,
      details: {
        bucket: name,
        tier: tier.toLowerCase(),
        limit: limit.max,
        used: Math.min(max, verdict.counts[index]!),
        resetAt,
      },
      retryAfter,
    });
  }
  const windowSeconds = secondsOf(limit.windowMs);
  const { code, sentence } = RATE_LIMITS[name];
  return new ApiError(code, {
    message: `The limit \`${name}\` is reached: at most ${max} in ${describeSeconds(windowSeconds)}. Try again in ${describeSeconds(retryAfter)}. It counts: ${sentence}`,
    details: { bucket: name, limit: max, windowSeconds, used: Math.min(max, verdict.counts[index]!), resetAt },
    retryAfter,
  });
}
