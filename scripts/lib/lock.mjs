/** One launcher per data folder. The lock is a file that names its holder, so that a holder that died does not block. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { errorCode } from './errors.mjs';
import { identify, isAlive } from './process-identity.mjs';

/** @typedef {{ pid: number, startTime: string }} Holder */

/**
 * @param {string} path
 * @returns {{ taken: true, release: () => void } | { taken: false, holder: Holder | undefined }}
 */
export function takeLock(path) {
  const draft = `${path}.${process.pid}`;
  const mine = JSON.stringify(identify(process.pid));
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    for (;;) {
      if (linkExclusively(draft, path)) return { taken: true, release: () => releaseLock(path, mine) };
      const found = readIfPresent(path);
      if (found === undefined) continue;
      const holder = parseHolder(found);
      if (holder && isAlive(holder)) return { taken: false, holder };
      if (!removeStale(path, found)) return { taken: false, holder: undefined };
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Linking a complete file is atomic: nobody ever reads half a lock.
 * @param {string} draft
 * @param {string} path
 */
function linkExclusively(draft, path) {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Two starters may find the same dead holder. Renaming lets exactly one of them remove what it judged; who moved away the
 * other's fresh lock instead puts it back and gives way.
 * @param {string} path
 * @param {string} judged content that was found dead
 */
function removeStale(path, judged) {
  const moved = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, moved);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true;
    throw error;
  }
  const isOurs = readFileSync(moved, 'utf8') === judged;
  if (!isOurs) linkExclusively(moved, path);
  rmSync(moved, { force: true });
  return isOurs;
}

/**
 * @param {string} path
 * @param {string} mine
 */
function releaseLock(path, mine) {
  if (readIfPresent(path) === mine) rmSync(path, { force: true });
}

/** @param {string} path */
function readIfPresent(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * @param {string} text
 * @returns {Holder | undefined}
 */
function parseHolder(text) {
  try {
    const { pid, startTime } = JSON.parse(text);
    return Number.isInteger(pid) && typeof startTime === 'string' ? { pid, startTime } : undefined;
  } catch {
    return undefined;
  }
}
