import { describe, expect, it } from 'vitest';
import type { Principal } from '../../principal.ts';
import type { Bucket } from './buckets.ts';
import { closestToItsEnd } from './headers.ts';
import { policyOf } from './limit-settings.ts';
import { describeSeconds, refusalOf } from './refusal.ts';

const bucketOf = (name: Bucket['name'], max: number, windowMs: number): Bucket => ({
  name,
  key: name,
  limit: { max, windowMs, policy: policyOf(name, max, windowMs) },
  cost: 1,
});

describe('a refusal', () => {
  it('names the tier and its limit, in the words of the PaaS brief (MR-094)', () => {
    const verdict = { refusedBy: 0, counts: [100], resets: [90_500], maxima: [100] };
    const error = refusalOf([bucketOf('message_limit', 100, 3_600_000)], verdict, { tier: 'BASIC' } as Principal);
    expect(error).toMatchObject({
      code: 'TIER_MESSAGE_LIMIT',
      message: 'Message limit exceeded. BASIC tier allows 100 messages per hour',
      retryable: true,
      retryAfter: 91,
      details: { bucket: 'message_limit', tier: 'basic', limit: 100, used: 100 },
    });
  });

  it('names the bucket, and says when to come back', () => {
    const verdict = { refusedBy: 0, counts: [5], resets: [1], maxima: [5] };
    const error = refusalOf([bucketOf('login_ip', 5, 900_000)], verdict, null);
    expect(error).toMatchObject({ code: 'RL_ENDPOINT', retryAfter: 1 });
    expect(error.message).toMatch(/`login_ip`.*at most 5 in 15 minutes\. Try again in 1 second\./);
  });

  it.each([
    [1, '1 second'],
    [59, '59 seconds'],
    [60, '1 minute'],
    [61, '61 seconds'],
    [900, '15 minutes'],
    [3_600, '1 hour'],
    [86_400, '24 hours'],
  ])('%i s is %s', (seconds, text) => {
    expect(describeSeconds(seconds)).toBe(text);
  });
});

describe('the bucket of the headers', () => {
  it.each([
    ['the one that refuses', { refusedBy: 1, counts: [9, 5], resets: [1, 1], maxima: [10, 500] }, 1],
    ['the one with the fewest left', { refusedBy: -1, counts: [1, 98], resets: [1, 1], maxima: [10, 100] }, 1],
    ['of equals the one that lasts', { refusedBy: -1, counts: [5, 5], resets: [9, 1], maxima: [10, 10] }, 0],
    [
      'of equals the one that lasts, in any order',
      { refusedBy: -1, counts: [5, 5], resets: [1, 9], maxima: [10, 10] },
      1,
    ],
  ])('is %s', (_which, verdict, index) => {
    expect(closestToItsEnd(verdict)).toBe(index);
  });
});
