import { createHash } from 'node:crypto';
import { normalizeIP } from '@fastify/rate-limit';
import { type BucketName, countsAccounts, MESSAGE_LIMIT, RATE_LIMITS, type RateLimitName } from '@wa-gate/contracts';
import { redisKeys } from '@wa-gate/kit';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../../principal.ts';
import type { Limit, LimitSettings } from './limit-settings.ts';

/** A bucket for one subject, as one request meets it. */
export interface Bucket {
  name: BucketName;
  /** In Redis, and in memory while Redis is away. */
  key: string;
  limit: Limit;
  /** What this request counts there; 0 only looks, and a request with many messages counts each. */
  cost: number;
  /** Of a bucket that counts accounts: the account of this request. One that was counted is let through. */
  account?: string;
}

/** Routes name them for everybody; they are for people with a token (docs/decisions/0020-rate-limits.md). */
const PERSONS_ONLY = new Set<RateLimitName>(['messages_send', 'broadcasts', 'dashboard', 'qr']);

/** The buckets of a route, by the kind of caller. Made once per route. */
export interface RouteBuckets {
  nobody: readonly BucketName[];
  user: readonly BucketName[];
  key: readonly BucketName[];
}

export function bucketsOfRoute(limits: readonly BucketName[] = []): RouteBuckets {
  return {
    nobody: ['ip', ...limits],
    user: limits,
    key: limits.filter((name) => name === MESSAGE_LIMIT || !PERSONS_ONLY.has(name)),
  };
}

/**
 * The bucket that a credential brings. Owners' keys and session keys have none, nor have people
 * (docs/decisions/0020-rate-limits.md).
 */
export function bucketOfCredential(principal: Principal): RateLimitName | null {
  if (principal.kind !== 'key' || principal.session || principal.isAdministrator) return null;
  if (principal.role === 'OPERATOR') return 'key_operator';
  return principal.role === 'VIEWER' ? 'key_viewer' : null;
}

/** Every bucket that may count for this caller, on whatever route. */
export function bucketsOfCaller(principal: Principal): RateLimitName[] {
  const ofCredential = bucketOfCredential(principal);
  return [
    ...(ofCredential ? [ofCredential] : []),
    'session_operations',
    'invitations',
    ...(principal.kind === 'user' ? PERSONS_ONLY : []),
  ];
}

/** An address is no name for a key in Redis: it may hold anything, and it is personal. */
export const accountNameOf = (email: string): string =>
  createHash('sha256').update(email.trim().toLowerCase()).digest('base64url');

/** Of an IPv6 address the first of its network: a client has all of it. */
export const addressNameOf = (ip: string): string => normalizeIP(ip);

/** What a request is counted by. */
export interface Subjects {
  request: FastifyRequest;
  principal: Principal | null;
  /** For the buckets of logins. */
  email?: string | undefined;
}

function subjectOf(name: RateLimitName, { request, principal, email }: Subjects): string {
  switch (RATE_LIMITS[name].subject) {
    case 'ip':
      return addressNameOf(request.ip);
    case 'email':
      return accountNameOf(email ?? '');
    default:
      break;
  }
  if (!principal) throw new Error(`The bucket ${name} counts for somebody who is known.`);
  switch (RATE_LIMITS[name].subject) {
    case 'key':
      return principal.kind === 'key' ? principal.keyId : principal.userId;
    case 'workspace':
      return principal.workspaceId;
    default:
      return principal.userId;
  }
}

/** Where a bucket counts for this subject. */
export const keyOf = (name: RateLimitName, subject: string): string =>
  countsAccounts(name) ? redisKeys.rateLimitAccounts(name, subject) : redisKeys.rateLimit(name, subject);

export function makeBucket(settings: LimitSettings, name: BucketName, subjects: Subjects, cost: number): Bucket {
  if (name !== MESSAGE_LIMIT) {
    const bucket = { name, key: keyOf(name, subjectOf(name, subjects)), limit: settings.bucket(name), cost };
    return countsAccounts(name) ? { ...bucket, account: accountNameOf(subjects.email ?? '') } : bucket;
  }
  const { principal } = subjects;
  if (!principal) throw new Error('Messages are counted for an account.');
  return {
    name,
    key: redisKeys.rateLimit(name, principal.accountId),
    limit: settings.tier(principal.tier).messages,
    cost,
  };
}
