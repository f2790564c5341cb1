/** Caps the log files at run time, and prints them when that is requested. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { capLog, followLog } from './logs.mjs';

const CAP_LOGS_EVERY_MS = 30_000;

/**
 * @param {import('./data-dir.mjs').DataDir} dataDir
 * @param {boolean} verbose
 * @param {import('./progress.mjs').Progress} progress
 * @returns {() => void}
 */
export function watchLogs(dataDir, verbose, progress) {
  /** @type {Map<string, () => void>} */
  const followed = new Map();
  const look = () => {
    for (const name of existsSync(dataDir.logs) ? readdirSync(dataDir.logs) : []) {
      if (!name.endsWith('.log')) continue;
      const path = join(dataDir.logs, name);
      capLog(path);
      const prefix = name.slice(0, -'.log'.length);
      if (verbose && !followed.has(path)) {
        followed.set(
          path,
          followLog(path, (line) => progress.say(`[${prefix}] ${line}`)),
        );
      }
    }
  };
  const timer = setInterval(look, verbose ? 1_000 : CAP_LOGS_EVERY_MS);
  return () => {
    clearInterval(timer);
    for (const stop of followed.values()) stop();
  };
}
