import type { PoolClient, UserTier } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';

interface Allowance {
  tier: UserTier;
  maxSessions: number;
}

/**
 * Serialises the creations of an account. Taken before anything that refers to the account, so that a deletion of the
 * account and a creation do not wait for each other. It does not block statements that only refer to the account.
 *
 * @throws {ApiError} UNAUTHENTICATED when the account was deleted a moment ago
 */
export async function lockAccount(tx: PoolClient, accountId: string): Promise<void> {
  const { rowCount } = await tx.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [accountId]);
  if (rowCount === 0) throw new ApiError('UNAUTHENTICATED');
}

/**
 * Refuses the session that was just made, when the account has more than its tier allows. Sessions count in every
 * state: otherwise parking some would make room for others. The account is locked ({@link lockAccount}).
 *
 * @throws {ApiError} TIER_SESSION_LIMIT
 */
export async function assertTierAllowsSessions(tx: PoolClient, accountId: string): Promise<void> {
  const { rows } = await tx.query<Allowance>(
    `SELECT u.tier, t.max_sessions AS "maxSessions" FROM users u JOIN tiers t ON t.tier = u.tier
     WHERE u.id = $1`,
    [accountId],
  );
  const { rows: counted } = await tx.query<{ count: number }>('SELECT count(*) FROM sessions WHERE user_id = $1', [
    accountId,
  ]);
  const { tier, maxSessions } = rows[0]!;
  const used = counted[0]!.count - 1;
  if (used < maxSessions) return;
  throw new ApiError('TIER_SESSION_LIMIT', {
    message: `Session limit exceeded. ${tier} tier allows ${maxSessions} session${maxSessions === 1 ? '' : 's'}`,
    details: { tier: tier.toLowerCase(), limit: maxSessions, used },
  });
}
