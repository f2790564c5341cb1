import {
  RATE_LIMIT_NAMES,
  RATE_LIMITS,
  type RateLimit,
  type RateLimitName,
  type SetRateLimitRequest,
} from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import type { Limit, LimitSettings } from '../../plugins/rate-limit/limit-settings.ts';
import type { Revocations } from '../../revocations/revocations.ts';
import { type Actor, writeAudit } from '../audit/index.ts';

/** The rate limits, as administrators see and change them. */
export interface LimitsService {
  list(): RateLimit[];
  /** Holds for the next request here, and everywhere within a second. */
  set(actor: Actor, bucket: RateLimitName, request: SetRateLimitRequest): Promise<RateLimit>;
  /** Back to the default. */
  reset(actor: Actor, bucket: RateLimitName): Promise<RateLimit>;
}

const numbersOf = ({ max, windowMs }: Limit): SetRateLimitRequest => ({
  max,
  windowSeconds: Math.ceil(windowMs / 1_000),
});

export function createLimitsService(deps: { settings: LimitSettings; revocations: Revocations }): LimitsService {
  const { settings, revocations } = deps;

  function present(bucket: RateLimitName): RateLimit {
    const { subject, code, sentence } = RATE_LIMITS[bucket];
    const limit = settings.bucket(bucket);
    const byDefault = settings.defaultOf(bucket);
    return {
      bucket,
      subject,
      ...numbersOf(limit),
      default: numbersOf(byDefault),
      isDefault: limit.max === byDefault.max && limit.windowMs === byDefault.windowMs,
      code,
      description: sentence,
    };
  }

  /** @param write makes the change, or makes none and says so */
  async function change(
    actor: Actor,
    bucket: RateLimitName,
    after: SetRateLimitRequest,
    write: (tx: Queryable) => Promise<unknown>,
  ): Promise<RateLimit> {
    await revocations.inTransaction(async (tx, revoke) => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`rate-limit/${bucket}`]);
      const { rows } = await tx.query<SetRateLimitRequest>(
        'SELECT max, window_seconds AS "windowSeconds" FROM rate_limits WHERE bucket = $1',
        [bucket],
      );
      await write(tx);
      await writeAudit(tx, actor, {
        action: 'rate_limit.updated',
        resourceType: 'rate_limit',
        resourceId: bucket,
        workspaceId: null,
        before: { ...(rows[0] ?? numbersOf(settings.defaultOf(bucket))) },
        after: { ...after },
      });
      await revoke('rate-limits', '*');
    });
    await settings.refresh();
    return present(bucket);
  }

  return {
    list: () => RATE_LIMIT_NAMES.map(present),
    set: (actor, bucket, request) =>
      change(actor, bucket, request, (tx) =>
        tx.query(
          `INSERT INTO rate_limits (bucket, max, window_seconds) VALUES ($1, $2, $3)
           ON CONFLICT (bucket) DO UPDATE SET max = excluded.max, window_seconds = excluded.window_seconds, updated_at = now()`,
          [bucket, request.max, request.windowSeconds],
        ),
      ),
    reset: (actor, bucket) =>
      change(actor, bucket, numbersOf(settings.defaultOf(bucket)), (tx) =>
        tx.query('DELETE FROM rate_limits WHERE bucket = $1', [bucket]),
      ),
  };
}
