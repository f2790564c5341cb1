import type { Config } from '../config.ts';
import { createUsageMover } from '../jobs/usage/index.ts';
import type { GatewayMetrics } from '../metrics/index.ts';
import type { AuditLog } from '../modules/audit/index.ts';
import { createLimitsService, createLoginLocks, createOwnLimits, createReplicas } from '../modules/limits/index.ts';
import { createTiersService } from '../modules/tiers/index.ts';
import {
  createHitBatches,
  createLocalHits,
  createUsageRepository,
  createUsageService,
} from '../modules/usage/index.ts';
import { createFallbackCounters, createLocalCounters, createRedisCounters } from '../plugins/rate-limit/index.ts';
import { createLimitSettings } from '../plugins/rate-limit/limit-settings.ts';
import type { Revocations } from '../revocations/revocations.ts';
import type { Background, Resources } from './resources.ts';

/** The parts of the limiter: the numbers, the counters in Redis, and the local counters for while Redis is away. */
export function composeLimits(
  { pool, watchPool, redis, clock, logger, countingPatienceMs }: Resources,
  config: Config,
  { revocations, metrics, audit }: { revocations: Revocations; metrics: GatewayMetrics; audit: AuditLog },
) {
  const limitSettings = createLimitSettings({
    // A busy pool must not delay what an administrator has changed.
    db: watchPool,
    revocations,
    logger,
    ip: { max: config.RATE_LIMIT_MAX_REQUESTS, windowMs: config.RATE_LIMIT_WINDOW_MS },
  });
  const replicas = createReplicas({ db: pool, clock, logger });
  const localHits = createLocalHits({ pool, clock, logger });
  const limitCounters = createFallbackCounters({
    redis,
    shared: createRedisCounters(redis),
    local: createLocalCounters({ clock, replicas: () => replicas.count(), countHit: (hit) => localHits.count(hit) }),
    clock,
    onAway: () => metrics.limitedLocally.inc(),
    ...(countingPatienceMs !== undefined && { patienceMs: countingPatienceMs }),
  });
  return {
    services: {
      limitSettings,
      limitCounters,
      limits: createLimitsService({ settings: limitSettings, revocations }),
      loginLocks: createLoginLocks({ db: pool, counters: limitCounters, settings: limitSettings, audit }),
      ownLimits: createOwnLimits({ db: pool, settings: limitSettings }),
      tiers: createTiersService({ db: pool, settings: limitSettings, revocations }),
      usage: createUsageService({ usage: createUsageRepository(pool) }),
    },
    /** Reads the limits for the first time, and begins to count replicas and hits. */
    async open() {
      await Promise.all([limitSettings.start(), replicas.start()]);
      localHits.start();
    },
    async close() {
      await Promise.all([replicas.stop(), localHits.stop()]);
    },
  };
}

/** What brings usage into PostgreSQL. */
export const composeUsageMover = ({ pool, redis, clock, logger }: Resources): { background: Background } => ({
  background: createUsageMover({ pool, batches: createHitBatches(redis), clock, logger }),
});
