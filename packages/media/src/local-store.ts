import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, opendir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describeFolderFailure, newId } from '@wa-gate/kit';
import { createHashingStream } from './hashing.ts';
import { assertKey, MediaMissingError, type MediaStore, MediaStoreError, type StoredFile } from './media-store.ts';

/** Holds the id of the folder. Copies and mounts of the folder have the same one. */
const MARKER = '.wa-gate-media';
/** Files that are being written. On the file system of the others, so that a rename completes them. */
const INCOMING = '.incoming';
const ID = /^[0-9a-f-]{36}$/;

const isMissing = (error: unknown): boolean => {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
};

/** Files in a folder. Several processes may use it, on one machine or by a shared volume. */
export function createLocalStore(folder: string): MediaStore {
  const pathOf = (key: string): string => {
    assertKey(key);
    return join(folder, ...key.split('/'));
  };
  const incoming = join(folder, INCOMING);

  async function makeFolder(path: string): Promise<void> {
    await mkdir(path, { recursive: true, mode: 0o750 });
  }

  /** The name of a file is durable when its folder is. */
  async function syncFolder(path: string): Promise<void> {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async function* filesBelow(path: string, prefix: string): AsyncGenerator<StoredFile> {
    let entries: Awaited<ReturnType<typeof opendir>>;
    try {
      entries = await opendir(path);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    for await (const entry of entries) {
      // The marker, what is being written, and what a file system puts into its root.
      if (entry.name.startsWith('.')) continue;
      const inside = join(path, entry.name);
      const key = relative(folder, inside).split(sep).join('/');
      if (entry.isDirectory()) {
        if (key.startsWith(prefix) || prefix.startsWith(`${key}/`)) yield* filesBelow(inside, prefix);
      } else if (entry.isFile() && key.startsWith(prefix)) {
        // Removed meanwhile.
        const found = await stat(inside).catch(() => null);
        if (found) yield { key, size: found.size, modifiedAt: found.mtime };
      }
    }
  }

  /** The id of the folder. The first process makes it. */
  async function readMarker(): Promise<string> {
    await makeFolder(incoming);
    const marker = join(folder, MARKER);
    await writeFile(marker, `${newId()}\n`, { flag: 'wx', mode: 0o640, flush: true }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    for (let attempt = 0; ; attempt += 1) {
      const found = (await readFile(marker, 'utf8')).trim();
      if (ID.test(found)) return found;
      // Another process has made the file, and writes it just now.
      if (attempt === 50) throw new Error(`${marker} holds no id: remove it`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  return {
    isShared: false,

    async put(key, body, { signal } = {}) {
      const path = pathOf(key);
      const temporary = join(incoming, newId());
      const hashing = createHashingStream();
      try {
        await makeFolder(incoming);
        const file = createWriteStream(temporary, { flags: 'wx', mode: 0o640, flush: true });
        await pipeline(body, hashing.stream, file, { signal });
        await makeFolder(dirname(path));
        signal?.throwIfAborted();
        await rename(temporary, path);
      } catch (error) {
        // A body that nobody reads any more would keep its source open.
        body.destroy();
        await rm(temporary, { force: true });
        throw error;
      }
      await syncFolder(dirname(path));
      return hashing.result();
    },

    async get(key, range) {
      const path = pathOf(key);
      try {
        // Opened here: a stream would tell only later that there is no such file.
        const handle = await open(path, 'r');
        return createReadStream(path, { fd: handle, start: range?.start ?? 0, end: range?.end ?? Infinity });
      } catch (error) {
        if (isMissing(error)) throw new MediaMissingError(key, { cause: error });
        throw error;
      }
    },

    async stat(key) {
      try {
        const { size } = await stat(pathOf(key));
        return { size };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },

    async remove(keys) {
      for (const key of keys) await rm(pathOf(key), { force: true });
    },

    list: (prefix) => filesBelow(folder, prefix),

    async sweepAbandoned(before) {
      let swept = 0;
      const names = await opendir(incoming).catch((error: unknown) => {
        if (isMissing(error)) return [];
        throw error;
      });
      for await (const { name } of names) {
        const path = join(incoming, name);
        const found = await stat(path).catch(() => null);
        if (!found || found.mtime >= before) continue;
        await unlink(path).catch(() => undefined);
        swept += 1;
      }
      return swept;
    },

    async identify() {
      try {
        return `local:${await readMarker()}`;
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        const sentence =
          describeFolderFailure(error, 'MEDIA_DIR', folder) ??
          `MEDIA_DIR: ${folder} cannot be used (${code ?? message}). Name a folder that this process can write into.`;
        throw new MediaStoreError(sentence, { cause: error });
      }
    },

    close: async () => undefined,
  };
}
