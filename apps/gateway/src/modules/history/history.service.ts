import type { History, HistoryDepth, HistoryState } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import type { SessionRef } from '../../principal.ts';

export interface HistoryService {
  /** What the session has of its history. @throws {ApiError} SESSION_NOT_FOUND */
  get(session: SessionRef): Promise<History>;
}

/** Without a part for so long, more is not on its way: WhatsApp's own clients say so after the same time. */
const PAUSED_AFTER_SECONDS = 120;

const READ = {
  name: 'read-history',
  text: `WITH parts AS (
    SELECT c.* FROM history_chunks c LEFT JOIN history_syncs h ON h.session_id = c.session_id
    WHERE c.session_id = $1 AND c.kind <> 'on_request' AND c.received_at >= coalesce(h.asked_at, '-infinity')
  )
  SELECT coalesce(s.settings->>'history', 'none') AS depth, coalesce(h.depth, 'none') AS "linkedWith", p.*, (
    SELECT json_build_object('since', g.since, 'until', g.until, 'waiting', count(c) FILTER (WHERE c.state IN ('waiting', 'asked')),
      'done', count(c) FILTER (WHERE c.state = 'done'), 'failed', count(c) FILTER (WHERE c.state IN ('unanswered', 'failed')),
      'stored', coalesce(sum(c.stored), 0))
    FROM history_gaps g LEFT JOIN history_gap_chats c ON c.session_id = g.session_id AND c.until >= g.until
    WHERE g.session_id = s.id GROUP BY g.session_id) AS gap
  FROM sessions s LEFT JOIN history_syncs h ON h.session_id = s.id CROSS JOIN (
    SELECT count(*) FILTER (WHERE state = 'waiting')::int AS waiting, count(*) FILTER (WHERE state = 'done')::int AS done,
      count(*) FILTER (WHERE state = 'failed')::int AS failed, coalesce(sum(found), 0)::int AS found, coalesce(sum(stored), 0)::int AS stored,
      max(progress) FILTER (WHERE state <> 'waiting') AS progress, max(received_at) AS "lastPartAt",
      coalesce(max(received_at) < now() - interval '${PAUSED_AFTER_SECONDS} seconds', false) AS "isQuiet",
      (array_agg(error ORDER BY finished_at DESC) FILTER (WHERE error IS NOT NULL))[1] AS "lastError"
    FROM parts) p
  WHERE s.id = $1`,
};

interface Row {
  depth: HistoryDepth;
  linkedWith: HistoryDepth;
  waiting: number;
  done: number;
  failed: number;
  found: number;
  stored: number;
  progress: number | null;
  lastPartAt: Date | null;
  isQuiet: boolean;
  lastError: string | null;
  gap: History['gap'];
}

export function createHistoryService({ db }: { db: Queryable }): HistoryService {
  return {
    async get(session) {
      const { rows } = await db.query<Row>({ ...READ, values: [session.id] });
      const [row] = rows;
      if (!row) throw new ApiError('SESSION_NOT_FOUND');
      const { depth, linkedWith, waiting, done, failed, found, stored, progress, lastError, lastPartAt, gap } = row;
      return {
        sessionId: session.slug,
        depth,
        linkedWith,
        state: stateOf(row),
        progress,
        parts: { waiting, done, failed },
        found,
        stored,
        gap: gap && { ...gap, since: new Date(gap.since).toISOString(), until: new Date(gap.until).toISOString() },
        lastError,
        lastPartAt: lastPartAt?.toISOString() ?? null,
      };
    },
  };
}

const ALL = 100;

function stateOf({ linkedWith, waiting, done, failed, progress, isQuiet }: Row): HistoryState {
  if (linkedWith === 'none') return 'off';
  if (waiting > 0) return 'running';
  if (done + failed === 0) return 'waiting';
  if (progress === ALL) return 'complete';
  return isQuiet ? 'paused' : 'running';
}
