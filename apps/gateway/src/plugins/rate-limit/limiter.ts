import rateLimit from '@fastify/rate-limit';
import { type BucketName, MESSAGE_LIMIT } from '@wa-gate/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../../principal.ts';
import { type Bucket, bucketOfCredential, makeBucket } from './buckets.ts';
import type { Counted, FallbackCounters } from './fallback.ts';
import { writeHeaders } from './headers.ts';
import type { LimitSettings } from './limit-settings.ts';
import { refusalOf } from './refusal.ts';
import { type Demand, storeOf } from './store.ts';

export interface TakeOptions {
  /** The account of a login. */
  email?: string;
  /** The request is not counted in the bucket of its key, only shown what is left there. */
  isFree?: boolean;
  /** What it counts in the named buckets. @default 1 */
  cost?: number;
}

/** How the buckets of one caller are, without counting anything. */
export interface BucketState {
  name: BucketName;
  max: number;
  windowMs: number;
  used: number;
  resetMs: number;
}

/** The one place where requests are limited. */
export interface Limiter {
  /**
   * Counts the request in all its buckets in one call to Redis: the bucket of its credential, those of `names`, and its
   * hit for usage. Writes the headers. A second call in the same request adds to the first.
   * @throws {ApiError} 429; the request was counted in no bucket
   */
  take(
    request: FastifyRequest,
    reply: FastifyReply,
    principal: Principal | null,
    names: readonly BucketName[],
    options?: TakeOptions,
  ): Promise<void>;
  /**
   * Takes the request out of these buckets again, for example for a repetition that makes no message. Corrects the
   * headers.
   *
   * @param count what is given back of each. @default all that it has counted there
   */
  giveBack(request: FastifyRequest, reply: FastifyReply, names: readonly BucketName[], count?: number): Promise<void>;
  /** Looks, and counts nothing. */
  read(request: FastifyRequest, principal: Principal, names: readonly BucketName[]): Promise<BucketState[]>;
}

/** A bucket that a request has counted in. */
interface Taken extends Counted {
  buckets: readonly Bucket[];
  /** For the end of the windows. */
  at: number;
  /** The headers are those of this one. */
  isShown: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request asks of the limiter now. */
    limitDemand: Demand | null;
    /** What it has taken. */
    limitsTaken: Taken[] | null;
  }
}

export interface LimiterDependencies {
  limitSettings: LimitSettings;
  limitCounters: FallbackCounters;
  /** The field that a request of this caller is counted under for usage. */
  hitOf: (request: FastifyRequest, principal: Principal) => string;
  onRefused: (bucket: BucketName) => void;
}

/** Registers `@fastify/rate-limit` with a store that counts all buckets of a request at once. */
export async function createLimiter(app: FastifyInstance, deps: LimiterDependencies): Promise<Limiter> {
  const { limitSettings: settings, limitCounters: counters, hitOf, onRefused } = deps;
  app.decorateRequest('limitDemand', null);
  app.decorateRequest('limitsTaken', null);
  await app.register(rateLimit, { global: false, ...storeOf(counters) });
  const check = app.createRateLimit();

  /** Counts, by way of the plugin; the demand comes back with what was found. */
  async function count(request: FastifyRequest, buckets: readonly Bucket[], hit: string | null): Promise<Counted> {
    const demand: Demand = { buckets, hit, counted: null };
    request.limitDemand = demand;
    await check(request);
    return demand.counted!;
  }

  function bucketsOf(
    request: FastifyRequest,
    principal: Principal | null,
    names: readonly BucketName[],
    { email, isFree, cost = 1 }: TakeOptions,
  ): Bucket[] {
    const subjects = { request, principal, email };
    const buckets: Bucket[] = [];
    // A request counts once for its credential, however often it takes.
    const ofCredential = principal && request.limitsTaken === null ? bucketOfCredential(principal) : null;
    if (ofCredential) buckets.push(makeBucket(settings, ofCredential, subjects, isFree ? 0 : 1));
    for (const name of names) buckets.push(makeBucket(settings, name, subjects, cost));
    // No bucket limits this request. Its headers show the messages of this hour, which are limited for every caller.
    if (buckets.length === 0) buckets.push(makeBucket(settings, MESSAGE_LIMIT, subjects, 0));
    return buckets;
  }

  async function giveBack(
    request: FastifyRequest,
    reply: FastifyReply,
    names: readonly BucketName[],
    count = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const now = performance.now();
    for (const taken of request.limitsTaken ?? []) {
      const { counters: countedIn, buckets, verdict, at } = taken;
      // What was counted in a window that is over is not taken from the next one.
      const isGiven = ({ name, cost }: Bucket, index: number) =>
        cost > 0 && names.includes(name) && now < at + verdict.resets[index]!;
      const given = buckets.filter(isGiven).map((bucket) => ({ ...bucket, cost: Math.min(bucket.cost, count) }));
      if (given.length === 0) continue;
      const counts = buckets.map(
        (bucket, index) => verdict.counts[index]! - (isGiven(bucket, index) ? Math.min(bucket.cost, count) : 0),
      );
      taken.verdict = { ...verdict, counts };
      if (taken.isShown) writeHeaders(reply, buckets, taken.verdict);
      taken.buckets = buckets.map((bucket) =>
        names.includes(bucket.name) ? { ...bucket, cost: Math.max(0, bucket.cost - count) } : bucket,
      );
      try {
        await countedIn.giveBack(given);
      } catch (error) {
        request.log.debug({ err: error }, 'limit not given back');
      }
    }
  }
  // A send that is refused is no message.
  app.addHook('onError', async (request, reply) => giveBack(request, reply, [MESSAGE_LIMIT]));

  return {
    giveBack,

    async take(request, reply, principal, names, options = {}) {
      const buckets = bucketsOf(request, principal, names, options);
      const hit = principal && request.limitsTaken === null ? hitOf(request, principal) : null;
      const counted = await count(request, buckets, hit);
      writeHeaders(reply, buckets, counted.verdict);
      for (const earlier of request.limitsTaken ?? []) earlier.isShown = false;
      if (counted.verdict.refusedBy >= 0) {
        onRefused(buckets[counted.verdict.refusedBy]!.name);
        throw refusalOf(buckets, counted.verdict, principal);
      }
      const taken: Taken = { ...counted, buckets, at: performance.now(), isShown: true };
      if (request.limitsTaken) request.limitsTaken.push(taken);
      else request.limitsTaken = [taken];
    },

    async read(request, principal, names) {
      const subjects = { request, principal };
      const buckets = names.map((name) => makeBucket(settings, name, subjects, 0));
      const { verdict } = await count(request, buckets, null);
      return buckets.map(({ name, limit }, index) => ({
        name,
        max: verdict.maxima[index]!,
        windowMs: limit.windowMs,
        used: Math.min(verdict.counts[index]!, verdict.maxima[index]!),
        resetMs: verdict.resets[index]!,
      }));
    },
  };
}
