import type { FastifyReply } from 'fastify';
import type { Bucket } from './buckets.ts';
import type { Verdict } from './counters.ts';
import { policyOf } from './limit-settings.ts';

/** The header names, for CORS: scripts of other origins see only what is listed. */
export const RATE_LIMIT_HEADERS = [
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'RateLimit-Policy',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-RateLimit-Policy',
];

/** The bucket that a caller should know of: the one that refuses, else the one that is closest to its end. */
export function closestToItsEnd(verdict: Verdict): number {
  if (verdict.refusedBy >= 0) return verdict.refusedBy;
  const { counts, maxima, resets } = verdict;
  let closest = 0;
  for (let index = 1; index < counts.length; index += 1) {
    const difference = maxima[index]! - counts[index]! - (maxima[closest]! - counts[closest]!);
    if (difference < 0 || (difference === 0 && resets[index]! > resets[closest]!)) closest = index;
  }
  return closest;
}

export const secondsOf = (ms: number): number => Math.ceil(ms / 1_000);

/** Writes into the headers what is left of the bucket that is closest to its end. */
export function writeHeaders(reply: FastifyReply, buckets: readonly Bucket[], verdict: Verdict): void {
  const index = closestToItsEnd(verdict);
  const { name, limit } = buckets[index]!;
  const max = verdict.maxima[index]!;
  const remaining = verdict.refusedBy >= 0 ? 0 : Math.max(0, max - verdict.counts[index]!);
  const reset = secondsOf(verdict.resets[index]!);
  const policy = max === limit.max ? limit.policy : policyOf(name, max, limit.windowMs);
  reply
    .header('ratelimit-limit', max)
    .header('ratelimit-remaining', remaining)
    .header('ratelimit-reset', reset)
    .header('ratelimit-policy', policy)
    .header('x-ratelimit-limit', max)
    .header('x-ratelimit-remaining', remaining)
    .header('x-ratelimit-reset', reset)
    .header('x-ratelimit-policy', policy);
}
