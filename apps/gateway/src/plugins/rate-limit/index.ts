export { accountNameOf, addressNameOf, bucketsOfCaller, bucketsOfRoute, keyOf } from './buckets.ts';
export { createFallbackCounters, type FallbackCounters } from './fallback.ts';
export { RATE_LIMIT_HEADERS } from './headers.ts';
export { type BucketState, createLimiter, type Limiter } from './limiter.ts';
export { createLocalCounters } from './local-counters.ts';
export { createRedisCounters } from './redis-counters.ts';
