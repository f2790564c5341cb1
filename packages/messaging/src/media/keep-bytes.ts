import { inTransaction, type Pool, type Queryable } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { findMediaFile, storageKeyOf } from './files.ts';
import { type FileOfBytes, insertReadyMedia, type NewMedia, type StoredBytes } from './media.ts';

/** Bytes that are not in the media store yet. */
export interface LooseBytes {
  sha256: Buffer;
  size: number;
  /** Writes them into the store under this key. */
  put(key: string): Promise<unknown>;
}

/** The part of the media store that is needed here. */
export interface RemovingStore {
  remove(keys: readonly string[]): Promise<void>;
}

/** The file that the workspace had a moment ago has been swept. */
class FileGone extends Error {}

/**
 * Puts bytes into the store, unless the workspace has them already, and refers to them in one transaction. A failure
 * leaves neither file nor reference; after a crash the sweep removes the file.
 *
 * @param refer writes the reference, such as by {@link insertReadyMedia}, and may be called twice. `null`:
 *   there is nothing any more that would refer to them
 */
export async function keepBytes(
  pool: Pool,
  store: RemovingStore,
  workspaceId: string,
  bytes: LooseBytes,
  refer: (client: Queryable, stored: StoredBytes, fileId: string) => Promise<FileOfBytes | null>,
): Promise<FileOfBytes | null> {
  const { sha256, size } = bytes;
  const fileId = newId();
  const stored = { storageKey: storageKeyOf(workspaceId, fileId), sha256, size };
  const isOwn = (file: FileOfBytes | null): boolean => file?.storageKey === stored.storageKey;

  if (await findMediaFile(pool, workspaceId, sha256)) {
    try {
      return await inTransaction(pool, async (client) => {
        const file = await refer(client, stored, fileId);
        if (isOwn(file)) throw new FileGone();
        return file;
      });
    } catch (error) {
      if (!(error instanceof FileGone)) throw error;
    }
  }

  await bytes.put(stored.storageKey);
  let file: FileOfBytes | null = null;
  try {
    file = await inTransaction(pool, (client) => refer(client, stored, fileId));
    return file;
  } finally {
    // Somebody was quicker, or nothing refers to it.
    if (!isOwn(file)) await store.remove([stored.storageKey]);
  }
}

/** Stores a new media: its bytes in the store, once per workspace, and its row. */
export async function keepMedia(
  pool: Pool,
  store: RemovingStore,
  media: NewMedia,
  bytes: LooseBytes,
): Promise<FileOfBytes> {
  const file = await keepBytes(pool, store, media.workspaceId, bytes, (client, stored, fileId) =>
    insertReadyMedia(client, media, fileId, stored),
  );
  return file!;
}
