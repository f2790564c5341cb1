import { type SetTierRequest, type Tier, USER_TIERS } from '@wa-gate/contracts';
import type { Queryable, UserTier } from '@wa-gate/db';
import type { LimitSettings } from '../../plugins/rate-limit/limit-settings.ts';
import type { Revocations } from '../../revocations/revocations.ts';
import { type Actor, writeAudit } from '../audit/index.ts';

/** What accounts may have, by tier. */
export interface TiersService {
  list(): Promise<Tier[]>;
  /** Holds for the next request here, and everywhere within a second. Sessions that are there stay. */
  set(actor: Actor, tier: UserTier, request: SetTierRequest): Promise<Tier>;
}

interface TierRow extends Required<SetTierRequest> {
  tier: UserTier;
  updatedAt: Date;
}

const COLUMNS = `tier, max_sessions AS "maxSessions", messages_per_hour AS "messagesPerHour", media_bytes AS "mediaBytes",
  media_max_bytes AS "mediaMaxBytes", media_retention_days AS "mediaRetentionDays", message_retention_days AS "messageRetentionDays",
  event_retention_days AS "eventRetentionDays", updated_at AS "updatedAt"`;
const LIST = { name: 'list-tiers', text: `SELECT ${COLUMNS} FROM tiers` };

const present = ({ tier, updatedAt, ...allowed }: TierRow): Tier => ({
  tier: tier.toLowerCase() as Tier['tier'],
  ...allowed,
  updatedAt: updatedAt.toISOString(),
});

export function createTiersService(deps: {
  db: Queryable;
  settings: LimitSettings;
  revocations: Revocations;
}): TiersService {
  const { db, settings, revocations } = deps;
  return {
    async list() {
      const { rows } = await db.query<TierRow>(LIST);
      const order = (tier: Tier): number => USER_TIERS.indexOf(tier.tier);
      return rows.map(present).sort((one, other) => order(one) - order(other));
    },
    async set(actor, tier, request) {
      const updated = await revocations.inTransaction(async (tx, revoke) => {
        const { rows: before } = await tx.query<TierRow>(`SELECT ${COLUMNS} FROM tiers WHERE tier = $1 FOR UPDATE`, [
          tier,
        ]);
        const { rows } = await tx.query<TierRow>(
          `UPDATE tiers SET max_sessions = $2, messages_per_hour = $3, media_bytes = coalesce($4, media_bytes),
             media_max_bytes = coalesce($5, media_max_bytes), media_retention_days = coalesce($6, media_retention_days),
             message_retention_days = CASE WHEN $7 THEN $8::int ELSE message_retention_days END,
             event_retention_days = CASE WHEN $9 THEN $10::int ELSE event_retention_days END, updated_at = now()
           WHERE tier = $1 RETURNING ${COLUMNS}`,
          [
            tier,
            request.maxSessions,
            request.messagesPerHour,
            request.mediaBytes ?? null,
            request.mediaMaxBytes ?? null,
            request.mediaRetentionDays ?? null,
            request.messageRetentionDays !== undefined,
            request.messageRetentionDays ?? null,
            request.eventRetentionDays !== undefined,
            request.eventRetentionDays ?? null,
          ],
        );
        await writeAudit(tx, actor, {
          action: 'tier.updated',
          resourceType: 'tier',
          resourceId: tier.toLowerCase(),
          workspaceId: null,
          before: Object.fromEntries(
            Object.keys(request).map((name) => [name, before[0]![name as keyof SetTierRequest]]),
          ),
          after: { ...request },
        });
        await revoke('tiers', '*');
        return rows[0]!;
      });
      await settings.refresh();
      return present(updated);
    },
  };
}
