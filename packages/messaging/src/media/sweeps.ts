import { inTransaction, type Pool, type Queryable } from '@wa-gate/db';
import { STORED_FILES, STORED_PARTS } from './files.ts';
import type { RemovingStore } from './keep-bytes.ts';

/** The part of the media store that the sweeps need. */
export interface SweptStore extends RemovingStore {
  list(prefix: string): AsyncIterable<{ key: string; modifiedAt: Date }>;
  sweepAbandoned(before: Date): Promise<number>;
}

/** Bytes that are younger may belong to a row that is being written just now. */
const GRACE_MS = 3_600_000;

const EXPIRE = {
  name: 'expire-media',
  text: `UPDATE media SET status = 'expired', file_id = NULL, error_code = 'MEDIA_EXPIRED', error_message = 'Its retention is over.'
    WHERE id IN (SELECT id FROM media WHERE expires_at <= now() AND file_id IS NOT NULL ORDER BY expires_at LIMIT $1)`,
};

/** Takes its bytes from media whose retention is over, at most `limit`. Returns the count. */
export async function expireMedia(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...EXPIRE, values: [limit] });
  return rowCount ?? 0;
}

const LOCK_FILE = {
  name: 'lock-media-file',
  text: 'SELECT storage_key AS "storageKey" FROM media_files WHERE id = $1 FOR UPDATE',
};
/** A statement of its own: only its snapshot has what was referred to while the lock was waited for. */
const IS_USED = { name: 'is-media-file-used', text: 'SELECT 1 FROM media WHERE file_id = $1 LIMIT 1' };
const DELETE_FILE = { name: 'delete-media-file', text: 'DELETE FROM media_files WHERE id = $1' };

/**
 * Removes a file to which no media leads. The bytes go before the row: whoever refers to the file meanwhile waits for
 * the lock, and then stores them anew.
 *
 * @returns whether it was removed
 */
export async function removeUnusedFile(pool: Pool, store: RemovingStore, fileId: string): Promise<boolean> {
  return await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ storageKey: string }>({ ...LOCK_FILE, values: [fileId] });
    const [file] = rows;
    if (!file) return false;
    const { rowCount } = await client.query({ ...IS_USED, values: [fileId] });
    if (rowCount) return false;
    await store.remove([file.storageKey]);
    await client.query({ ...DELETE_FILE, values: [fileId] });
    return true;
  });
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
/** The position of a sweep. A hint: a new process begins at the start. */
export interface FileSweep {
  after: string;
}
export const newFileSweep = (): FileSweep => ({ after: FIRST_ID });

const UNUSED = {
  name: 'find-unused-media-files',
  text: `WITH page AS (SELECT id FROM media_files WHERE id > $1 ORDER BY id LIMIT $2)
    SELECT count(*) AS seen, max(id::text) AS last,
      coalesce(json_agg(id) FILTER (WHERE NOT EXISTS (SELECT 1 FROM media m WHERE m.file_id = page.id)), '[]') AS unused
    FROM page`,
};

/**
 * Removes files to which no media leads any more. Looks at a page of at most `limit` files, and returns their count;
 * after the last page it begins again.
 */
export async function sweepUnusedFiles(
  pool: Pool,
  store: RemovingStore,
  sweep: FileSweep,
  limit: number,
): Promise<number> {
  const { rows } = await pool.query<{ seen: number; last: string | null; unused: string[] }>({
    ...UNUSED,
    values: [sweep.after, limit],
  });
  const { seen, last, unused } = rows[0]!;
  for (const id of unused) await removeUnusedFile(pool, store, id);
  sweep.after = seen < limit || last === null ? FIRST_ID : last;
  return seen;
}

const EXPIRED_UPLOADS = {
  name: 'sweep-resumable-uploads',
  text: `DELETE FROM resumable_uploads WHERE id IN (SELECT id FROM resumable_uploads WHERE expires_at <= now() LIMIT $1)
    RETURNING parts`,
};

/** Gives up uploads that nobody has gone on with, at most `limit`. Returns the count. */
export async function sweepResumableUploads(pool: Pool, store: RemovingStore, limit: number): Promise<number> {
  const { rows } = await pool.query<{ parts: string[] }>({ ...EXPIRED_UPLOADS, values: [limit] });
  await store.remove(rows.flatMap(({ parts }) => parts));
  return rows.length;
}

/** Keys of one statement. */
const BATCH = 500;
const UNKNOWN_FILES = {
  name: 'find-unknown-media-keys',
  text: `SELECT key FROM unnest($1::text[]) AS given(key) WHERE NOT EXISTS (SELECT 1 FROM media_files f WHERE f.storage_key = given.key)`,
};
const UNKNOWN_PARTS = {
  name: 'find-unknown-part-keys',
  text: `SELECT key FROM unnest($1::text[], $2::uuid[]) AS given(key, upload_id)
    WHERE NOT EXISTS (SELECT 1 FROM resumable_uploads u WHERE u.id = given.upload_id AND u.parts ? given.key)`,
};

/** Removes files of the store that no row names, and counts them. */
async function removeOrphans(
  store: SweptStore,
  prefix: string,
  before: Date,
  unknownOf: (keys: string[]) => Promise<string[]>,
): Promise<number> {
  let removed = 0;
  let keys: string[] = [];
  const flush = async (): Promise<void> => {
    const unknown = keys.length > 0 ? await unknownOf(keys) : [];
    keys = [];
    if (unknown.length > 0) await store.remove(unknown);
    removed += unknown.length;
  };
  for await (const { key, modifiedAt } of store.list(prefix)) {
    if (modifiedAt >= before) continue;
    if (keys.push(key) >= BATCH) await flush();
  }
  await flush();
  return removed;
}

const WORKSPACES = {
  name: 'list-workspaces-with-files',
  text: 'SELECT DISTINCT workspace_id AS id FROM media_files ORDER BY workspace_id',
};
const FILES_OF_WORKSPACE = {
  name: 'list-files-of-workspace',
  text: 'SELECT id, storage_key AS key FROM media_files WHERE workspace_id = $1 AND created_at < $2',
};
const LOSE = {
  name: 'lose-media-file',
  text: `WITH lost AS (
      UPDATE media SET status = 'expired', file_id = NULL, error_code = 'MEDIA_EXPIRED', error_message = 'The media store has lost it.'
      WHERE file_id = $1
    )
    DELETE FROM media_files WHERE id = $1`,
};

/** So many lost files are no accident of single files: the folder is another one, or is not mounted. */
const isWholeStoreGone = (lost: number, files: number): boolean => lost > 20 && lost > files / 5;

/** Rows whose file is not in the store: their media are expired. `null`: so many that nothing is changed. */
async function removeLost(pool: Pool, store: SweptStore, before: Date): Promise<number | null> {
  const lost: string[] = [];
  let files = 0;
  const { rows: workspaces } = await pool.query<{ id: string }>(WORKSPACES);
  for (const { id } of workspaces) {
    // Read first: what is stored after it is not missed.
    const { rows } = await pool.query<{ id: string; key: string }>({ ...FILES_OF_WORKSPACE, values: [id, before] });
    const keys = new Set<string>();
    for await (const { key } of store.list(`${STORED_FILES}${id}/`)) keys.add(key);
    files += rows.length;
    for (const file of rows) if (!keys.has(file.key)) lost.push(file.id);
  }
  if (isWholeStoreGone(lost.length, files)) return null;
  for (const id of lost) await pool.query({ ...LOSE, values: [id] });
  return lost.length;
}

/** What a comparison of the store with the tables has found. */
export interface StoreSweep {
  /** Files without a row, removed. */
  orphans: number;
  /**
   * Rows without a file: their media have expired. `null`: so many rows have none that the store cannot be the right
   * one, and nothing was changed.
   */
  lost: number | null;
  /** Puts that were interrupted, removed. */
  abandoned: number;
}

/** Compares the media store with the tables, both ways. Reads the list of all files. */
export async function compareMediaStore(pool: Pool, store: SweptStore, graceMs = GRACE_MS): Promise<StoreSweep> {
  const before = new Date(Date.now() - graceMs);
  const ofFiles = async (keys: string[]) => {
    const { rows } = await pool.query<{ key: string }>({ ...UNKNOWN_FILES, values: [keys] });
    return rows.map(({ key }) => key);
  };
  const ofParts = async (keys: string[]) => {
    const uploads = keys.map((key) => key.split('/')[2]);
    const { rows } = await pool.query<{ key: string }>({ ...UNKNOWN_PARTS, values: [keys, uploads] });
    return rows.map(({ key }) => key);
  };
  const abandoned = await store.sweepAbandoned(before);
  const files = await removeOrphans(store, STORED_FILES, before, ofFiles);
  const parts = await removeOrphans(store, STORED_PARTS, before, ofParts);
  return { orphans: files + parts, lost: await removeLost(pool, store, before), abandoned };
}

const TAKE_TURN = {
  name: 'take-media-sweep',
  text: `UPDATE installation SET media_swept_at = now()
    WHERE id = 1 AND (media_swept_at IS NULL OR media_swept_at < now() - make_interval(secs => $1)) RETURNING media_store AS store`,
};

/**
 * Compares the store with the tables when that was not done for so long, by one of all processes. A store that is not
 * the registered one is left alone: everything in it would look like an orphan, and everything else lost.
 */
export async function compareMediaStoreInTurn(
  pool: Pool,
  store: SweptStore & { identify(): Promise<string> },
  everySeconds: number,
): Promise<StoreSweep | null> {
  const { rows } = await pool.query<{ store: string | null }>({ ...TAKE_TURN, values: [everySeconds] });
  const [turn] = rows;
  if (!turn || turn.store === null || turn.store !== (await store.identify())) return null;
  return await compareMediaStore(pool, store);
}
