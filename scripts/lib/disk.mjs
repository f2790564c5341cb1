/**
 * Checks the free space for data. A database on a full disk does not always end: it refuses writes, and its log may be
 * on the same disk. So the launcher checks itself.
 */
import { statfsSync } from 'node:fs';

const MEGABYTE = 1024 * 1024;
const FULL_BYTES = MEGABYTE;
const LOW_BYTES = 64 * MEGABYTE;
const LOOK_EVERY_MS = 2_000;

/** @param {string} path */
export function isDiskFull(path) {
  return freeBytes(path) < FULL_BYTES;
}

/**
 * Reports once when space gets low, and once when there is enough again.
 * @param {string} path
 * @param {{ warn: (text: string) => void, say: (text: string) => void }} progress
 * @returns {() => void} ends the watch
 */
export function watchDisk(path, { warn, say }) {
  let wasLow = false;
  const look = () => {
    const free = freeBytes(path);
    const isLow = free < LOW_BYTES;
    if (isLow && !wasLow) {
      warn(
        `The disk that holds ${path} is ${free < FULL_BYTES ? 'full' : `nearly full (${Math.floor(free / MEGABYTE)} MB left)`}. ` +
          'What cannot be stored is refused; nothing that was stored is lost. Free some space.',
      );
    }
    if (!isLow && wasLow) say('There is space on the disk again.');
    wasLow = isLow;
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

/** @param {string} path */
function freeBytes(path) {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY; // not known on this file system
  }
}
