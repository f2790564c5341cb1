import type { FastifyRateLimitStore, RateLimitPluginOptions } from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { Bucket } from './buckets.ts';
import type { Counted, FallbackCounters } from './fallback.ts';
import { closestToItsEnd } from './headers.ts';

/** What one request asks for, and what came of it. */
export interface Demand {
  buckets: readonly Bucket[];
  hit: string | null;
  counted: Counted | null;
}

/** Above every limit. */
const SCALE = 2 ** 31;

/**
 * The store of `@fastify/rate-limit`. The plugin counts one key per call, but a request here has several buckets that
 * are taken together. So the *key* of a request is its {@link Demand}, which the plugin passes on unread. The plugin
 * gets the bucket that is closest to its end, as a count towards one limit that is the same for all requests:
 * remaining, reset and `isExceeded` are right.
 */
export function storeOf(
  counters: FallbackCounters,
): Pick<RateLimitPluginOptions, 'store' | 'keyGenerator' | 'max' | 'timeWindow'> {
  const store: FastifyRateLimitStore = {
    incr(key, callback) {
      const demand = key as unknown as Demand;
      counters.take(demand.buckets, demand.hit).then((counted) => {
        demand.counted = counted;
        const { verdict } = counted;
        const index = closestToItsEnd(verdict);
        const remaining = verdict.refusedBy >= 0 ? -1 : verdict.maxima[index]! - verdict.counts[index]!;
        callback(null, { current: SCALE - remaining, ttl: verdict.resets[index]! });
      }, callback);
    },
    child: () => store,
  };
  return {
    // The plugin makes its store with `new`; a function that returns an object is one that it may have.
    store: function makeStore() {
      return store;
    } as unknown as NonNullable<RateLimitPluginOptions['store']>,
    keyGenerator: (request: FastifyRequest) => request.limitDemand as unknown as string,
    max: SCALE,
    timeWindow: 1_000,
  };
}
