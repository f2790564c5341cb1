import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';
import { identitiesAmong, peopleOf } from '../contacts/identity-sql.ts';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';
import { mediaExpiry } from './media.ts';
import { shownMedia } from './shown-media.ts';

/** The end of a download. */
export type ConcludedDownload = Ownership & { mediaId: string } & (
    | {
        status: 'ready';
        /** The bytes as they lie in the media store. A file that the workspace has already keeps its own key. */
        file: { fileId: string; storageKey: string; sha256: Buffer; size: number };
      }
    | { status: 'expired' | 'failed'; error: { code: string; message: string } }
  );

/**
 * A file that a workspace has already is not stored twice: its row stays, and `spare` names the copy. The update of the
 * row that is there waits for a sweep that removes it, and then inserts a new one.
 */
const CONCLUDE = {
  name: 'conclude-downloads',
  text: `WITH ${FENCE_MANY}, given AS (
    SELECT g.* FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::text[], $10::bytea[], $11::bigint[])
      WITH ORDINALITY AS g(session_id, media_id, status, error_code, error_message, file_id, storage_key, sha256, size, ord)
    JOIN fence USING (session_id)
  ), sought AS (
    SELECT g.*, m.workspace_id FROM given g JOIN media m ON m.id = g.media_id JOIN media_downloads d ON d.media_id = g.media_id
  ), filed AS (
    INSERT INTO media_files AS f (id, workspace_id, sha256, size, storage_key)
    SELECT DISTINCT ON (workspace_id, sha256) file_id, workspace_id, sha256, size, storage_key FROM sought WHERE status = 'ready'
    ORDER BY workspace_id, sha256, ord
    ON CONFLICT (workspace_id, sha256) DO UPDATE SET storage_key = f.storage_key
    RETURNING id, workspace_id, sha256, storage_key
  ), settled AS (
    UPDATE media m SET status = q.status, file_id = f.id, sha256 = coalesce(q.sha256, m.sha256), size = coalesce(q.size, m.size),
      error_code = q.error_code, error_message = q.error_message,
      expires_at = CASE WHEN q.status = 'ready' THEN ${mediaExpiry('m.workspace_id')} END
    FROM sought q LEFT JOIN filed f ON f.workspace_id = q.workspace_id AND f.sha256 = q.sha256
    WHERE m.id = q.media_id
    RETURNING m.*, q.ord
  ), done AS (
    DELETE FROM media_downloads d USING sought w WHERE d.media_id = w.media_id
  ), new_events AS (
    SELECT d.session_id, f.epoch, d.ord, CASE d.status WHEN 'ready' THEN 'media.ready' ELSE 'media.failed' END AS type,
      jsonb_strip_nulls(jsonb_build_object('messageId', g.id, 'waMessageId', g.wa_message_id, 'chat', g.chat_jid, 'chatAlt', g.chat_alt_jid,
        'from', g.from_jid, 'fromMe', g.from_me, 'type', g.kind, 'media', ${shownMedia('d')}))
        || ${identitiesAmong('who')} AS data
    FROM settled d JOIN fence f ON f.session_id = d.session_id JOIN messages g ON g.id = d.message_id
    CROSS JOIN LATERAL ${peopleOf('d.workspace_id', 'g.chat_jid', 'g.from_jid')} AS who
  ), ${APPEND_EVENTS}
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned,
    (SELECT coalesce(json_agg(g.storage_key), '[]') FROM given g
      WHERE g.status = 'ready' AND NOT EXISTS (SELECT 1 FROM filed f WHERE f.storage_key = g.storage_key)) AS spare,
    ${APPENDED_COLUMNS}`,
};

export interface ConcludedDownloads extends Appended {
  /** Keys of files in the store that no row names: the workspace has the bytes already, or nobody wants them. */
  spare: string[];
  /** Sessions of the batch that this worker does not own any more. Files of theirs are left to the sweep. */
  stale: string[];
}

/** Records what has become of downloads, with their events, in one statement under the fence (I2). */
export async function concludeDownloads(
  db: Queryable,
  downloads: readonly ConcludedDownload[],
): Promise<ConcludedDownloads> {
  const { sessionIds, epochs } = fenceParameters(downloads);
  const column = <T>(read: (download: ConcludedDownload) => T) => downloads.map(read);
  const fileOf = (download: ConcludedDownload) => (download.status === 'ready' ? download.file : undefined);
  const errorOf = (download: ConcludedDownload) => (download.status === 'ready' ? undefined : download.error);
  const { rows } = await db.query<ConcludedDownloads & { owned: string[] }>({
    ...CONCLUDE,
    values: [
      sessionIds,
      epochs,
      column((d) => d.sessionId),
      column((d) => d.mediaId),
      column((d) => d.status),
      column((d) => errorOf(d)?.code ?? null),
      column((d) => errorOf(d)?.message ?? null),
      column((d) => fileOf(d)?.fileId ?? null),
      column((d) => fileOf(d)?.storageKey ?? null),
      column((d) => fileOf(d)?.sha256 ?? null),
      column((d) => fileOf(d)?.size ?? null),
    ],
  });
  const row = rows[0]!;
  const owned = new Set(row.owned);
  return { ...readAppended(row), spare: row.spare, stale: sessionIds.filter((id) => !owned.has(id)) };
}
