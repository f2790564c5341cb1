import { type BucketName, type Limits, MESSAGE_LIMIT, RATE_LIMITS } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { type BucketState, bucketsOfCaller } from '../../plugins/rate-limit/index.ts';
import type { LimitSettings } from '../../plugins/rate-limit/limit-settings.ts';
import type { Principal } from '../../principal.ts';

/** What a caller may still do. */
export interface OwnLimits {
  /** @param states of the buckets {@link bucketsShownTo} this caller */
  of(principal: Principal, states: readonly BucketState[]): Promise<Limits>;
}

/** The messages of the account first, then all that count for the caller somewhere. */
export const bucketsShownTo = (principal: Principal): BucketName[] => [MESSAGE_LIMIT, ...bucketsOfCaller(principal)];

const COUNT_SESSIONS = {
  name: 'count-account-sessions',
  text: 'SELECT count(*) AS used FROM sessions WHERE user_id = $1',
};

const resetAt = ({ resetMs }: BucketState): string => new Date(Date.now() + resetMs).toISOString();
const remainingOf = (max: number, used: number): number => Math.max(0, max - used);

function present(state: BucketState): Limits['buckets'][number] {
  const { name: bucket, max, windowMs, used } = state;
  return {
    bucket,
    max,
    windowSeconds: Math.ceil(windowMs / 1_000),
    used,
    remaining: remainingOf(max, used),
    resetAt: resetAt(state),
    description: bucket === MESSAGE_LIMIT ? 'Messages of the account in an hour.' : RATE_LIMITS[bucket].sentence,
  };
}

export function createOwnLimits({ db, settings }: { db: Queryable; settings: LimitSettings }): OwnLimits {
  return {
    async of(principal, states) {
      const [messages, ...buckets] = states as [BucketState, ...BucketState[]];
      const { rows } = await db.query<{ used: number }>({ ...COUNT_SESSIONS, values: [principal.accountId] });
      const { used } = rows[0]!;
      const { maxSessions } = settings.tier(principal.tier);
      return {
        tier: {
          name: principal.tier.toLowerCase() as Limits['tier']['name'],
          sessions: { max: maxSessions, used, remaining: remainingOf(maxSessions, used) },
          messagesPerHour: {
            max: messages.max,
            used: messages.used,
            remaining: remainingOf(messages.max, messages.used),
            resetAt: resetAt(messages),
          },
        },
        buckets: buckets.map(present),
      };
    },
  };
}
