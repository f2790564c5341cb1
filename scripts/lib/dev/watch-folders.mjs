/** Reports which files changed below some folders, after a short pause without changes. */
import { readdirSync, watch } from 'node:fs';
import { join } from 'node:path';

/** Milliseconds of that pause: an editor writes a file in several steps, and a checkout writes many files. */
const QUIET_MS = 40;

/**
 * Watches each folder separately. On Linux the option `recursive` of `fs.watch` watches single files, and loses a file
 * that an editor replaces.
 * @param {readonly string[]} folders
 * @param {(files: string[]) => void} onChange absolute paths, each once
 * @returns {() => void} ends the watch
 */
export function watchFolders(folders, onChange) {
  /** @type {Map<string, import('node:fs').FSWatcher>} */
  const watchers = new Map();
  /** @type {Set<string>} */
  const changed = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  let timer;

  /** @param {string} folder */
  function add(folder) {
    if (watchers.has(folder)) return;
    /** @type {import('node:fs').Dirent[]} */
    let entries;
    try {
      entries = readdirSync(folder, { withFileTypes: true });
      const watcher = watch(folder, (kind, name) => {
        if (name !== null) noted(join(folder, name), kind === 'rename');
      });
      watcher.on('error', () => forget(folder));
      watchers.set(folder, watcher);
    } catch {
      return; // a file, or gone again
    }
    for (const entry of entries) if (entry.isDirectory()) add(join(folder, entry.name));
  }

  /**
   * @param {string} path
   * @param {boolean} mayBeNew
   */
  function noted(path, mayBeNew) {
    if (mayBeNew) add(path);
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const files = [...changed];
      changed.clear();
      onChange(files);
    }, QUIET_MS);
  }

  /** @param {string} folder */
  function forget(folder) {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  }

  for (const folder of folders) add(folder);
  return () => {
    clearTimeout(timer);
    for (const folder of watchers.keys()) forget(folder);
  };
}
