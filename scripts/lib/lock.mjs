/** One launcher per data folder. The lock is a file that names its holder, so that a dead holder does not block. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, StoppedError } from './errors.mjs';
import { writeJson } from './files.mjs';
import { identify, isAlive } from './process-identity.mjs';

/**
 * @typedef {{ pid: number, startTime: string, isStopping?: boolean }} Holder
 * @typedef {object} Lock
 * @property {() => void} announceStop marks the lock as free soon
 * @property {() => void} release
 */

/** Milliseconds that another launcher waits for the holder to begin its stop, after its npm was killed. */
const BEGIN_STOP_MS = 1_000;
const STOP_MS = 15_000;
const LOOK_EVERY_MS = 100;

/**
 * Takes the lock. Waits for a holder that is stopping.
 * @param {string} path
 * @param {{ signal: AbortSignal, onWait: () => void }} options
 * @returns {Promise<Lock | undefined>} undefined when the holder keeps running
 */
export async function takeLockInTurn(path, { signal, onWait }) {
  const begun = performance.now();
  let isWaiting = false;
  for (;;) {
    const attempt = takeLock(path);
    if (attempt.taken) return attempt.lock;
    const isStopping = attempt.holder?.isStopping === true;
    if (isStopping && !isWaiting) onWait();
    isWaiting ||= isStopping;
    if (performance.now() - begun > (isStopping ? STOP_MS : BEGIN_STOP_MS)) return undefined;
    if (signal.aborted) throw new StoppedError('waiting for another launcher');
    await sleep(LOOK_EVERY_MS);
  }
}

/**
 * Does work that one process does at a time, such as filling a cache that all checkouts of a user share.
 * @template T
 * @param {string} path of the lock
 * @param {{ signal?: AbortSignal | undefined, onWait?: () => void }} options
 * @param {(hasWaited: boolean) => Promise<T>} work `hasWaited`: another process had its turn meanwhile
 * @returns {Promise<T>}
 */
export async function oneAtATime(path, { signal, onWait }, work) {
  for (let hasWaited = false; ; hasWaited = true) {
    const attempt = takeLock(path);
    if (attempt.taken) {
      try {
        return await work(hasWaited);
      } finally {
        attempt.lock.release();
      }
    }
    if (!hasWaited) onWait?.();
    if (signal?.aborted) throw new StoppedError('waiting for another process');
    await sleep(LOOK_EVERY_MS);
  }
}

/**
 * @param {string} path
 * @returns {{ taken: true, lock: Lock } | { taken: false, holder: Holder | undefined }}
 */
export function takeLock(path) {
  const draft = `${path}.${process.pid}`;
  const me = identify(process.pid);
  if (!me) throw new Error('This process does not find itself');
  writeFileSync(draft, JSON.stringify(me), { mode: 0o600 });
  try {
    for (;;) {
      if (linkExclusively(draft, path)) return { taken: true, lock: heldLock(path, me) };
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
 * Links a complete file, which is atomic: no process reads half a lock.
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
 * Removes a dead lock. Two launchers may find the same dead holder. The rename lets exactly one of them remove the file
 * that it checked. A launcher that has moved the fresh lock of the other puts it back and gives up.
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
 * @param {import('./process-identity.mjs').ProcessIdentity} me
 * @returns {Lock}
 */
function heldLock(path, me) {
  const isMine = () => {
    const holder = parseHolder(readIfPresent(path) ?? '');
    return holder?.pid === me.pid && holder.startTime === me.startTime;
  };
  return {
    announceStop: () => {
      if (isMine()) writeJson(path, { ...me, isStopping: true });
    },
    release: () => {
      if (isMine()) rmSync(path, { force: true });
    },
  };
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
    const { pid, startTime, isStopping } = JSON.parse(text);
    if (!Number.isInteger(pid) || typeof startTime !== 'string') return undefined;
    return { pid, startTime, isStopping: isStopping === true };
  } catch {
    return undefined;
  }
}
