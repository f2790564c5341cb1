import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describeFolderFailure, newId } from '@wa-gate/kit';
import { MediaStoreError } from './media-store.ts';

/** A path for one file in work. Disposing of it removes the file, if there is one. */
export interface WorkFile extends AsyncDisposable {
  path: string;
}

/** The private folder of a process for files in work. */
export interface WorkFolder {
  path: string;
  /**
   * A path that nobody else uses. The file is not made.
   *
   * @param suffix such as `.mp4`, for programs that look at it
   */
  file(suffix?: string): Promise<WorkFile>;
  /** Removes the folder with all that is in it. */
  close(): Promise<void>;
}

const PREFIX = 'work-';
/** Of folders of another machine or container, which cannot be asked whether it lives. */
const FOREIGN_MS = 7 * 24 * 3_600_000;

/** The time at which a process began, in the kernel's ticks: a number that is used again has another one. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program is in brackets and may hold blanks. Field 22 is the 20th after it.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
  } catch {
    return '0';
  }
}

function isAlive(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startOf(pid) === start;
}

const host = (): string => hostname().replaceAll(/[^A-Za-z0-9.]/g, '_');

/** Removes the folders of processes that have ended without removing them. */
async function sweep(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    const [, owner, pid, start] = /^work-([A-Za-z0-9._]+)-(\d+)-(\d+)-/.exec(name) ?? [];
    if (owner === undefined || pid === undefined || start === undefined) continue;
    const path = join(base, name);
    if (owner === host()) {
      if (isAlive(Number(pid), start)) continue;
    } else {
      const found = await stat(path).catch(() => null);
      if (!found || Date.now() - found.mtimeMs < FOREIGN_MS) continue;
    }
    await rm(path, { recursive: true, force: true });
  }
}

/**
 * Makes the work folder of this process below `base`, and removes those of processes that were killed. Processes that
 * share `base` must be on one machine or in containers with names of their own.
 *
 * @throws {MediaStoreError} when it cannot be made
 */
export async function createWorkFolder(base: string): Promise<WorkFolder> {
  const path = join(base, `${PREFIX}${host()}-${process.pid}-${startOf(process.pid)}-${newId()}`);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await sweep(base);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const sentence =
      describeFolderFailure(error, 'MEDIA_TMP', base) ??
      `MEDIA_TMP: ${base} cannot be used (${code ?? message}). Name a folder that this process can write into.`;
    throw new MediaStoreError(sentence, { cause: error });
  }
  return {
    path,
    async file(suffix = '') {
      const file = join(path, `${newId()}${suffix}`);
      return { path: file, [Symbol.asyncDispose]: () => rm(file, { force: true }) };
    },
    close: () => rm(path, { recursive: true, force: true }),
  };
}
