import type { Queryable } from '@wa-gate/db';

/** The key in the media store of a file. The last digits of an id are random, so folders stay small. */
export const storageKeyOf = (workspaceId: string, fileId: string): string =>
  `files/${workspaceId}/${fileId.slice(-2)}/${fileId}`;

/** The prefix of the keys of {@link storageKeyOf}. */
export const STORED_FILES = 'files/';

/** The key in the media store of a part of an upload that is not complete. */
export const partKeyOf = (workspaceId: string, uploadId: string, partId: string): string =>
  `uploads/${workspaceId}/${uploadId}/${partId}`;

/** The prefix of the keys of {@link partKeyOf}. */
export const STORED_PARTS = 'uploads/';

export interface MediaFile {
  id: string;
  storageKey: string;
  /** Bytes. */
  size: number;
}

const FIND_FILE = {
  name: 'find-media-file',
  text: 'SELECT id, storage_key AS "storageKey", size FROM media_files WHERE workspace_id = $1 AND sha256 = $2',
};

/**
 * The file with these bytes, if the workspace has it. A hint that saves a put: the sweep may remove the file right
 * after, so whoever refers to it inserts or locks its row and looks again.
 */
export async function findMediaFile(db: Queryable, workspaceId: string, sha256: Buffer): Promise<MediaFile | null> {
  const { rows } = await db.query<MediaFile>({ ...FIND_FILE, values: [workspaceId, sha256] });
  return rows[0] ?? null;
}
