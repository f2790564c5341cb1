import { FENCE_ONE, type Ownership } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';

/** What makes two uploads of a session the same: the file, and the keys that fit it. */
export interface UploadKey {
  sha256: Buffer;
  /** How it is encrypted. */
  mediaType: string;
}

/** Days after which a file is uploaded again, whether WhatsApp still has it or not. */
export const UPLOAD_DAYS = 7;

const FIND = {
  name: 'find-media-upload',
  text: `SELECT upload, (extract(epoch FROM now() - uploaded_at) * 1000)::float8 AS "ageMs" FROM media_uploads
    WHERE session_id = $1 AND sha256 = $2 AND media_type = $3 AND uploaded_at > now() - make_interval(days => $4)`,
};

/** The latest upload of a file by this session; `null`: none that is young enough. */
export async function findUpload<U>(
  db: Queryable,
  sessionId: string,
  { sha256, mediaType }: UploadKey,
): Promise<{ upload: U; ageMs: number } | null> {
  const { rows } = await db.query<{ upload: U; ageMs: number }>({
    ...FIND,
    values: [sessionId, sha256, mediaType, UPLOAD_DAYS],
  });
  return rows[0] ?? null;
}

/** Need not wait for the disk: without the row the file is uploaded once more. */
const RECORD = {
  name: 'record-media-upload',
  text: `WITH ${FENCE_ONE}, relaxed AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
  )
  INSERT INTO media_uploads (session_id, sha256, media_type, upload)
  SELECT f.session_id, $3, $4, $5 FROM fence f CROSS JOIN relaxed
  ON CONFLICT (session_id, sha256, media_type) DO UPDATE SET upload = excluded.upload, uploaded_at = now()`,
};

/** Keeps where a file was uploaded. An owner that is none any more keeps nothing (I2). */
export async function recordUpload(
  db: Queryable,
  { sessionId, epoch }: Ownership,
  { sha256, mediaType }: UploadKey,
  upload: object,
): Promise<void> {
  await db.query({ ...RECORD, values: [sessionId, epoch, sha256, mediaType, JSON.stringify(upload)] });
}

const FORGET = {
  name: 'forget-media-upload',
  text: 'DELETE FROM media_uploads WHERE session_id = $1 AND sha256 = $2 AND media_type = $3',
};

/** WhatsApp does not have the file any more. */
export async function forgetUpload(db: Queryable, sessionId: string, { sha256, mediaType }: UploadKey): Promise<void> {
  await db.query({ ...FORGET, values: [sessionId, sha256, mediaType] });
}

const SWEEP = {
  name: 'sweep-media-uploads',
  text: `DELETE FROM media_uploads WHERE (session_id, sha256, media_type) IN (
    SELECT session_id, sha256, media_type FROM media_uploads WHERE uploaded_at < now() - make_interval(days => $1)
    ORDER BY uploaded_at LIMIT $2)`,
};

/** Deletes uploads older than {@link UPLOAD_DAYS}, at most `limit`. Returns the count. */
export async function sweepUploads(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [UPLOAD_DAYS, limit] });
  return rowCount ?? 0;
}
