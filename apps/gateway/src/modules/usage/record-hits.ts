import { inTransaction, type Pool, type PoolClient } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { type Hit, parseHit } from './hit.ts';

/** Counts by the fields of {@link parseHit}. */
export type HitCounts = ReadonlyMap<string, number>;

const BEGIN = { name: 'begin-usage-batch', text: 'INSERT INTO usage_batches (id) VALUES ($1) ON CONFLICT DO NOTHING' };

const FIND_SESSIONS = {
  name: 'find-sessions-of-hits',
  text: `SELECT s.id, s.workspace_id AS "workspaceId", s.slug FROM sessions s
    JOIN unnest($1::uuid[], $2::text[]) AS p(workspace_id, slug) USING (workspace_id, slug)`,
};

/** In the order of the index, so that two batches cannot deadlock. Hits of deleted accounts are dropped. */
const ADD = {
  name: 'add-usage',
  text: `INSERT INTO usage_records AS r (id, user_id, session_id, api_key_id, billing_date, usage_count)
    SELECT h.id, h.user_id, h.session_id, h.api_key_id, h.billing_date, h.hits
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::date[], $6::bigint[])
      AS h(id, user_id, session_id, api_key_id, billing_date, hits)
    JOIN users u ON u.id = h.user_id
    ORDER BY h.user_id, h.session_id, h.api_key_id, h.billing_date
    ON CONFLICT (user_id, session_id, api_key_id, billing_date) DO UPDATE SET usage_count = r.usage_count + excluded.usage_count`,
};

interface UsageRow {
  hit: Hit;
  sessionId: string | null;
  hits: number;
}

/**
 * Adds the hits of a batch to the usage of their accounts, once: a batch that comes again, after a crash or from two
 * processes, changes nothing.
 */
export async function recordHits(pool: Pool, batchId: string, counts: HitCounts): Promise<void> {
  await inTransaction(pool, async (tx) => {
    const { rowCount } = await tx.query({ ...BEGIN, values: [batchId] });
    if (rowCount === 0) return;
    const rows = await group(tx, counts);
    if (rows.length === 0) return;
    const column = <T>(value: (row: UsageRow) => T): T[] => rows.map(value);
    await tx.query({
      ...ADD,
      values: [
        column(() => newId()),
        column(({ hit }) => hit.accountId),
        column(({ sessionId }) => sessionId),
        column(({ hit }) => hit.keyId),
        column(({ hit }) => `${hit.month}-01`),
        column(({ hits }) => hits),
      ],
    });
  });
}

/** One row per account, session, key and month. */
async function group(tx: PoolClient, counts: HitCounts): Promise<UsageRow[]> {
  const parsed = [...counts].flatMap(([field, hits]) => {
    const hit = parseHit(field);
    return hit && Number.isSafeInteger(hits) && hits > 0 ? [{ hit, hits }] : [];
  });
  const sessions = await findSessions(
    tx,
    parsed.flatMap(({ hit }) => hit.path ?? []),
  );
  const rows = new Map<string, UsageRow>();
  for (const { hit, hits } of parsed) {
    const sessionId = hit.sessionId ?? (hit.path && sessions.get(nameOf(hit.path))) ?? null;
    const key = [hit.month, hit.accountId, hit.keyId, sessionId].join('|');
    const row = rows.get(key);
    if (row) row.hits += hits;
    else rows.set(key, { hit, sessionId, hits });
  }
  return [...rows.values()];
}

type SessionPath = NonNullable<Hit['path']>;
const nameOf = ({ workspaceId, slug }: SessionPath): string => `${workspaceId}/${slug}`;

async function findSessions(tx: PoolClient, paths: readonly SessionPath[]): Promise<Map<string, string>> {
  if (paths.length === 0) return new Map();
  const unique = [...new Map(paths.map((path) => [nameOf(path), path])).values()];
  const values = [unique.map(({ workspaceId }) => workspaceId), unique.map(({ slug }) => slug)];
  const { rows } = await tx.query<SessionPath & { id: string }>({ ...FIND_SESSIONS, values });
  return new Map(rows.map((row) => [nameOf(row), row.id]));
}

/** Longer than any batch can be on its way. */
const BATCH_DAYS = 7;

/** Deletes ids of batches that cannot come again. */
export async function sweepUsageBatches(pool: Pool, limit: number): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM usage_batches WHERE id IN (SELECT id FROM usage_batches WHERE applied_at < now() - $1 * interval '1 day' LIMIT $2)`,
    [BATCH_DAYS, limit],
  );
  return rowCount ?? 0;
}
