import type { Queryable } from '@wa-gate/db';
import type { Reach } from '../sessions/index.ts';

/** Where a message is in the list of those that wait for their time. */
export interface ScheduledPlace {
  messageId: string;
  /** ISO 8601. */
  at: string;
}

/**
 * The lanes are named, so that the index of held rows is read from its begin for each of them, and no more rows than a
 * page needs. Parts of albums and changes are not listed: they go with their message.
 */
const LIST = {
  name: 'list-scheduled',
  text: `SELECT o.message_id AS "messageId", o.not_before AS at FROM sessions s
    CROSS JOIN unnest(enum_range(NULL::"OutboxLane")) AS l(lane) CROSS JOIN LATERAL (
      SELECT h.message_id, h.not_before FROM outbox h
      WHERE h.session_id = s.id AND h.state = 'HELD' AND h.lane = l.lane AND h.schedule IS NOT NULL
        AND ($3::timestamptz IS NULL OR h.not_before >= $3) AND ($3 IS NULL OR (h.not_before, h.message_id) > ($3, $4::uuid))
        AND h.request#>'{context,album}' IS NULL
      ORDER BY h.not_before, h.message_id LIMIT $5
    ) o WHERE s.workspace_id = $1 AND ($2::uuid IS NULL OR s.id = $2)
    ORDER BY o.not_before, o.message_id LIMIT $5`,
};

/**
 * Messages that wait for their time, the next one first; also those whose time has come and that wait for their turn.
 */
export async function listScheduled(
  db: Queryable,
  { workspaceId, sessionId }: Reach,
  after: ScheduledPlace | undefined,
  limit: number,
): Promise<ScheduledPlace[]> {
  const values = [workspaceId, sessionId ?? null, after?.at ?? null, after?.messageId ?? null, limit];
  const { rows } = await db.query<{ messageId: string; at: Date }>({ ...LIST, values });
  return rows.map(({ messageId, at }) => ({ messageId, at: at.toISOString() }));
}
