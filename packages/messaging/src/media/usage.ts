import type { Queryable } from '@wa-gate/db';

/** What an account stores, and what its tier allows. */
export interface MediaUsage {
  /** Bytes of all files of all its workspaces; the same bytes count once per workspace. */
  storedBytes: number;
  files: number;
  /** Bytes that the tier allows in all. */
  maxStoredBytes: number;
  /** Bytes that the tier allows for one file. */
  maxFileBytes: number;
  retentionDays: number;
}

const USAGE = {
  name: 'media-usage',
  text: `SELECT stored.bytes AS "storedBytes", stored.files, t.media_bytes AS "maxStoredBytes", t.media_max_bytes AS "maxFileBytes",
      t.media_retention_days AS "retentionDays"
    FROM workspaces w JOIN users u ON u.id = w.owner_user_id JOIN tiers t ON t.tier = u.tier
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(f.size), 0)::int8 AS bytes, count(f.id) AS files
      FROM workspaces o JOIN media_files f ON f.workspace_id = o.id WHERE o.owner_user_id = u.id
    ) stored
    WHERE w.id = $1`,
};

/** The usage of the account that owns the workspace; `null` for a workspace that is gone. */
export async function readMediaUsage(db: Queryable, workspaceId: string): Promise<MediaUsage | null> {
  const { rows } = await db.query<MediaUsage>({ ...USAGE, values: [workspaceId] });
  return rows[0] ?? null;
}
