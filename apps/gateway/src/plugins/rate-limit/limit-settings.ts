import { type BucketName, MESSAGE_LIMIT, RATE_LIMIT_NAMES, RATE_LIMITS, type RateLimitName } from '@wa-gate/contracts';
import type { Queryable, UserTier } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';
import type { Revocations } from '../../revocations/revocations.ts';

/** What a bucket allows now. */
export interface Limit {
  max: number;
  windowMs: number;
  /** The value of the header RateLimit-Policy. */
  policy: string;
}

export interface TierLimits {
  maxSessions: number;
  /** The messages per hour. */
  messages: Limit;
  /** Bytes of one file. */
  mediaMaxBytes: number;
}

/** The numbers that requests are judged by, in memory: all of them, always. */
export interface LimitSettings {
  bucket(name: RateLimitName): Limit;
  tier(tier: UserTier): TierLimits;
  /** The values of buckets that no administrator has changed. */
  defaultOf(name: RateLimitName): Limit;
  /**
   * Reads the settings again. A request that changes one waits for it, so that the next request is judged by the new
   * value.
   */
  refresh(): Promise<void>;
  /** Reads them for the first time; where PostgreSQL is away, the defaults hold until it is back. */
  start(): Promise<void>;
}

export interface LimitSettingsDependencies {
  db: Queryable;
  revocations: Revocations;
  logger: Logger;
  /** The PaaS brief's RATE_LIMIT_MAX_REQUESTS and RATE_LIMIT_WINDOW_MS, for the bucket `ip`. */
  ip?: { max?: number | undefined; windowMs?: number | undefined };
}

export const HOUR_MS = 3_600_000;
const RETRY_MS = 250;

export const policyOf = (name: BucketName, max: number, windowMs: number): string =>
  `${max};w=${Math.ceil(windowMs / 1_000)};name="${name}"`;

const limitOf = (name: BucketName, max: number, windowMs: number): Limit => ({
  max,
  windowMs,
  policy: policyOf(name, max, windowMs),
});

const MEDIA_MAX_BYTES = 104_857_600;
/** The PaaS brief's numbers: what holds until the table has been read. */
const TIERS: Record<UserTier, TierLimits> = {
  BASIC: { maxSessions: 1, messages: limitOf(MESSAGE_LIMIT, 100, HOUR_MS), mediaMaxBytes: MEDIA_MAX_BYTES },
  PRO: { maxSessions: 5, messages: limitOf(MESSAGE_LIMIT, 1_000, HOUR_MS), mediaMaxBytes: MEDIA_MAX_BYTES },
  MAX: { maxSessions: 20, messages: limitOf(MESSAGE_LIMIT, 10_000, HOUR_MS), mediaMaxBytes: MEDIA_MAX_BYTES },
};

const READ_BUCKETS = {
  name: 'read-rate-limits',
  text: 'SELECT bucket, max, window_seconds AS "windowSeconds" FROM rate_limits',
};
const READ_TIERS = {
  name: 'read-tiers',
  text: 'SELECT tier, max_sessions AS "maxSessions", messages_per_hour AS "messagesPerHour", media_max_bytes AS "mediaMaxBytes" FROM tiers',
};

export function createLimitSettings({ db, revocations, logger, ip = {} }: LimitSettingsDependencies): LimitSettings {
  const defaults = new Map<RateLimitName, Limit>();
  for (const name of RATE_LIMIT_NAMES) {
    const { max, windowSeconds } = RATE_LIMITS[name];
    const own = name === 'ip' ? ip : {};
    defaults.set(name, limitOf(name, own.max ?? max, own.windowMs ?? windowSeconds * 1_000));
  }
  let buckets: ReadonlyMap<RateLimitName, Limit> = defaults;
  let tiers = TIERS;
  let begun = 0;
  let applied = 0;

  async function read(): Promise<void> {
    const reading = ++begun;
    const [limits, allowances] = await Promise.all([
      db.query<{ bucket: RateLimitName; max: number; windowSeconds: number }>(READ_BUCKETS),
      db.query<{ tier: UserTier; maxSessions: number; messagesPerHour: number; mediaMaxBytes: number }>(READ_TIERS),
    ]);
    // A reading that began later and was faster has seen more.
    if (reading < applied) return;
    applied = reading;
    const changed = new Map(defaults);
    for (const { bucket, max, windowSeconds } of limits.rows) {
      if (changed.has(bucket)) changed.set(bucket, limitOf(bucket, max, windowSeconds * 1_000));
    }
    buckets = changed;
    tiers = { ...TIERS };
    for (const { tier, maxSessions, messagesPerHour, mediaMaxBytes } of allowances.rows) {
      tiers[tier] = { maxSessions, messages: limitOf(MESSAGE_LIMIT, messagesPerHour, HOUR_MS), mediaMaxBytes };
    }
  }

  /** A change must be read at last, however long PostgreSQL is away. */
  async function readUntilDone(): Promise<void> {
    try {
      await read();
    } catch (error) {
      logger.warn({ err: error }, 'limits not read yet');
      setTimeout(() => void readUntilDone(), RETRY_MS).unref();
    }
  }
  revocations.onRevoked('rate-limits', () => void readUntilDone());
  revocations.onRevoked('tiers', () => void readUntilDone());

  return {
    bucket: (name) => buckets.get(name)!,
    tier: (tier) => tiers[tier],
    defaultOf: (name) => defaults.get(name)!,
    refresh: read,
    start: readUntilDone,
  };
}
