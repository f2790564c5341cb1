import type { Queryable } from '@wa-gate/db';
import type { MediaFacts } from './whatsapp-file.ts';

export type MediaDirection = 'upload' | 'inbound';
export type MediaStatus = 'pending' | 'ready' | 'expired' | 'failed';

/** A row of `media`. */
export interface MediaRow {
  id: string;
  workspaceId: string;
  sessionId: string | null;
  messageId: string | null;
  direction: MediaDirection;
  status: MediaStatus;
  fileId: string | null;
  /** Where its bytes are; `null` unless it is ready. */
  storageKey: string | null;
  sha256: Buffer | null;
  size: number | null;
  mimetype: string | null;
  fileName: string | null;
  facts: MediaFacts | null;
  errorCode: string | null;
  errorMessage: string | null;
  createdAt: Date;
  expiresAt: Date | null;
}

/** Bytes that are in the media store under a key that no file has yet. */
export interface StoredBytes {
  storageKey: string;
  sha256: Buffer;
  size: number;
}

/** A media to insert. */
export interface NewMedia {
  id: string;
  workspaceId: string;
  sessionId?: string | null;
  messageId?: string | null;
  direction: MediaDirection;
  mimetype?: string | null;
  fileName?: string | null;
  facts?: MediaFacts | null;
}

/**
 * SQL: when media of a workspace expire that are stored now. `null` for a workspace that is gone.
 *
 * @param workspaceId SQL of its id
 */
export const mediaExpiry = (
  workspaceId: string,
): string => `(SELECT now() + make_interval(days => t.media_retention_days)
    FROM workspaces w JOIN users u ON u.id = w.owner_user_id JOIN tiers t ON t.tier = u.tier WHERE w.id = ${workspaceId})`;

/** SQL: the columns of a {@link MediaRow} of `media m`, with its file as `f`. */
export const MEDIA_COLUMNS = `m.id, m.workspace_id AS "workspaceId", m.session_id AS "sessionId", m.message_id AS "messageId", m.direction,
  m.status, m.file_id AS "fileId", f.storage_key AS "storageKey", m.sha256, m.size, m.mimetype, m.file_name AS "fileName", m.facts,
  m.error_code AS "errorCode", m.error_message AS "errorMessage", m.created_at AS "createdAt", m.expires_at AS "expiresAt"`;
export const MEDIA_TABLES = 'media m LEFT JOIN media_files f ON f.id = m.file_id';

const FIND = {
  name: 'find-media',
  text: `SELECT ${MEDIA_COLUMNS} FROM ${MEDIA_TABLES} WHERE m.id = $1 AND m.workspace_id = $2`,
};

/** A media of the workspace, whatever its status. */
export async function findMedia(db: Queryable, workspaceId: string, id: string): Promise<MediaRow | null> {
  const { rows } = await db.query<MediaRow>({ ...FIND, values: [id, workspaceId] });
  return rows[0] ?? null;
}

const OF_MESSAGES = {
  name: 'find-media-of-messages',
  text: `SELECT ${MEDIA_COLUMNS} FROM ${MEDIA_TABLES} WHERE m.message_id = ANY($1::uuid[]) ORDER BY m.id`,
};

/** The media of messages that the caller may see, in the order of their making. */
export async function findMediaOfMessages(db: Queryable, messageIds: readonly string[]): Promise<MediaRow[]> {
  if (messageIds.length === 0) return [];
  const { rows } = await db.query<MediaRow>({ ...OF_MESSAGES, values: [messageIds] });
  return rows;
}

const valuesOf = (media: NewMedia): unknown[] => [
  media.id,
  media.workspaceId,
  media.sessionId ?? null,
  media.messageId ?? null,
  media.direction,
  media.mimetype ?? null,
  media.fileName ?? null,
  media.facts ? JSON.stringify(media.facts) : null,
];

/**
 * `DO UPDATE`, because only so the row of another one is returned; it also locks that row, so that the sweep sees the
 * reference before it removes the file.
 */
const INSERT_READY = {
  name: 'insert-ready-media',
  text: `WITH file AS (
      INSERT INTO media_files AS f (id, workspace_id, sha256, size, storage_key) VALUES ($9, $2, $10, $11, $12)
      ON CONFLICT (workspace_id, sha256) DO UPDATE SET storage_key = f.storage_key
      RETURNING id, storage_key
    ), added AS (
      INSERT INTO media (id, workspace_id, session_id, message_id, direction, status, mimetype, file_name, facts, file_id, sha256, size,
        expires_at)
      SELECT $1, $2, $3, $4, $5, 'ready', $6, $7, $8, file.id, $10, $11, ${mediaExpiry('$2')} FROM file
    )
    SELECT id AS "fileId", storage_key AS "storageKey" FROM file`,
};

/** The file that bytes have become. When its key is another one than theirs, their own copy is of no use. */
export interface FileOfBytes {
  fileId: string;
  storageKey: string;
}

/**
 * Inserts a media whose bytes are in the store. Bytes that the workspace has already stay at their first place.
 *
 * @param fileId the id of the file, if it is a new one
 */
export async function insertReadyMedia(
  db: Queryable,
  media: NewMedia,
  fileId: string,
  { sha256, size, storageKey }: StoredBytes,
): Promise<FileOfBytes> {
  const { rows } = await db.query<FileOfBytes>({
    ...INSERT_READY,
    values: [...valuesOf(media), fileId, sha256, size, storageKey],
  });
  return rows[0]!;
}
