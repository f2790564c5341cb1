import type { UsageGroup } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { ALL_MESSAGE_USAGE } from '@wa-gate/messaging';

/** Whose usage, of what. */
export interface UsageFilter {
  /** First and last month, `2026-01`. */
  from: string;
  to: string;
  groups: readonly UsageGroup[];
  /** Of one account, or of all. */
  accountId: string | null;
  /** Only what belongs to this workspace: of one account there may be several. */
  workspaceId: string | null;
  sessionId: string | null;
  /** One row more for each account. */
  byAccount: boolean;
  skip: number;
  take: number;
}

export interface UsageCounts {
  hits: number;
  messagesSent: number;
  messagesReceived: number;
}

export interface UsageRow extends UsageCounts {
  userId: string | null;
  email: string | null;
  tier: string | null;
  month: string | null;
  sessionId: string | null;
  /** Null when the session was deleted, or there is none. */
  slug: string | null;
  sessionName: string | null;
  keyId: string | null;
  keyName: string | null;
}

export interface UsagePage {
  rows: UsageRow[];
  total: number;
  totals: UsageCounts;
}

export interface UsageRepository {
  read(filter: UsageFilter): Promise<UsagePage>;
}

/**
 * Hits and messages by month, account, session and key, grouped as asked, with the totals over all pages.
 *
 * $1 first month, $2 last month, $3 account, $4 workspace, $5 session; $6 to $9 whether rows are split by account,
 * month, session and key; $10 and $11 the page.
 */
const READ = {
  name: 'read-usage',
  text: `WITH usage AS (
      SELECT user_id, session_id, api_key_id, to_char(billing_date, 'YYYY-MM') AS month, usage_count AS hits, 0 AS sent, 0 AS received
      FROM usage_records
      WHERE ($3::uuid IS NULL OR user_id = $3) AND billing_date BETWEEN ($1::text || '-01')::date AND ($2::text || '-01')::date
      UNION ALL
      SELECT user_id, session_id, nullif(api_key_id, '00000000-0000-0000-0000-000000000000'), to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM'), 0,
        CASE direction WHEN 'OUTBOUND' THEN count ELSE 0 END, CASE direction WHEN 'INBOUND' THEN count ELSE 0 END
      FROM (${ALL_MESSAGE_USAGE}) m
      WHERE ($3::uuid IS NULL OR user_id = $3) AND hour >= ($1::text || '-01')::timestamp AT TIME ZONE 'UTC'
        AND hour < (($2::text || '-01')::timestamp + interval '1 month') AT TIME ZONE 'UTC'
    ), grouped AS (
      SELECT CASE WHEN $6::bool THEN u.user_id END AS "userId", CASE WHEN $6 THEN a.email END AS email,
        CASE WHEN $6 THEN lower(a.tier::text) END AS tier, CASE WHEN $7::bool THEN u.month END AS month,
        CASE WHEN $8::bool THEN u.session_id END AS "sessionId", CASE WHEN $8 THEN s.slug END AS slug,
        CASE WHEN $8 THEN s.name END AS "sessionName",
        CASE WHEN $9::bool THEN u.api_key_id END AS "keyId", CASE WHEN $9 THEN k.name END AS "keyName",
        sum(u.hits) AS hits, sum(u.sent) AS "messagesSent", sum(u.received) AS "messagesReceived"
      FROM usage u JOIN users a ON a.id = u.user_id LEFT JOIN sessions s ON s.id = u.session_id LEFT JOIN api_keys k ON k.id = u.api_key_id
      WHERE ($4::uuid IS NULL OR s.workspace_id = $4 OR (u.session_id IS NULL AND k.workspace_id = $4))
        AND ($5::uuid IS NULL OR u.session_id = $5)
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    ), page AS (
      SELECT * FROM grouped ORDER BY month, email, slug, "sessionId", "keyName", "keyId" LIMIT $11 OFFSET $10
    )
    SELECT (SELECT coalesce(json_agg(page), '[]') FROM page) AS rows, (SELECT count(*) FROM grouped) AS total,
      (SELECT json_build_object('hits', coalesce(sum(hits), 0), 'messagesSent', coalesce(sum("messagesSent"), 0),
        'messagesReceived', coalesce(sum("messagesReceived"), 0)) FROM grouped) AS totals`,
};

export function createUsageRepository(db: Queryable): UsageRepository {
  return {
    async read({ from, to, groups, accountId, workspaceId, sessionId, byAccount, skip, take }) {
      const splits = [byAccount, groups.includes('month'), groups.includes('session'), groups.includes('key')];
      const values = [from, to, accountId, workspaceId, sessionId, ...splits, skip, take];
      const { rows } = await db.query<UsagePage>({ ...READ, values });
      return rows[0]!;
    },
  };
}
