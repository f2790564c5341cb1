/**
 * Records every started process on disk from the moment of its start. After a kill of the launcher, the next one reads
 * it and ends the remaining processes.
 */
import { errorCode } from './errors.mjs';
import { readJson, writeJson } from './files.mjs';
import { identify, isAlive } from './process-identity.mjs';
import { endProcess } from './signals.mjs';

/**
 * @typedef {object} Stoppable
 * @property {string} name
 * @property {NodeJS.Signals} stopSignal requests an orderly stop
 * @property {number} stage processes of a lower stage use those of a higher one, and so are stopped first
 *
 * @typedef {import('./process-identity.mjs').ProcessIdentity & Stoppable} JournalEntry
 */

/**
 * @param {string} path
 * @param {(text: string) => void} warn
 */
export function openJournal(path, warn) {
  /** @type {Map<number, JournalEntry>} */
  const entries = new Map();
  let isStale = false;
  const save = () => {
    try {
      writeJson(path, { processes: [...entries.values()] });
      isStale = false;
    } catch (error) {
      // On a full disk the processes must still be watched and stopped. Only a cleanup after a crash then has less to
      // go on.
      if (!isStale) warn(`${path} cannot be written (${errorCode(error)}): it is out of date.`);
      isStale = true;
    }
  };

  return {
    /**
     * @param {number} pid
     * @param {Stoppable} stoppable
     */
    started(pid, { name, stopSignal, stage }) {
      const identity = identify(pid);
      if (!identity) return;
      entries.set(pid, { name, stopSignal, stage, ...identity });
      save();
    },
    /** @param {number} pid */
    ended(pid) {
      if (entries.delete(pid)) save();
    },
  };
}

/** @typedef {ReturnType<typeof openJournal>} Journal */

/**
 * Ends the remaining processes of an earlier launcher, stage by stage.
 * @param {string} path
 * @param {{ graceMs: number }} options
 * @returns {Promise<{ ended: string[], damaged: boolean }>}
 */
export async function endLeftovers(path, { graceMs }) {
  const file = readJson(path);
  if (file.state !== 'ok') return { ended: [], damaged: file.state === 'damaged' };
  /** @type {unknown[]} */
  const recorded = Array.isArray(file.value.processes) ? file.value.processes : [];
  const left = recorded.filter(isEntry).filter(isAlive);
  for (const stage of [...new Set(left.map((entry) => entry.stage))].sort((a, b) => a - b)) {
    const together = left.filter((entry) => entry.stage === stage);
    await Promise.all(together.map((entry) => endProcess(entry, { signal: entry.stopSignal, graceMs })));
  }
  return { ended: left.map((entry) => entry.name), damaged: false };
}

/**
 * @param {any} value
 * @returns {value is JournalEntry}
 */
function isEntry(value) {
  return (
    Number.isInteger(value?.pid) &&
    value.pid > 1 &&
    typeof value.startTime === 'string' &&
    typeof value.name === 'string' &&
    typeof value.stopSignal === 'string' &&
    Number.isInteger(value.stage)
  );
}
