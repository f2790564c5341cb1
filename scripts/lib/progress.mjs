/** The output of the commands: each step with its time, and a periodic line during long ones. */

import { StoppedError } from './errors.mjs';

const SIGN_OF_LIFE_MS = 5_000;

/**
 * @typedef {object} Progress
 * @property {(text: string) => void} say
 * @property {(text: string) => void} warn
 * @property {<T>(title: string, work: (note: (text: string) => void) => Promise<T>) => Promise<T>} step
 *   prints the title, runs the work, prints the time; `note` sets the text of the periodic line
 */

/**
 * @param {{ write?: (text: string) => void, now?: () => number, signOfLifeMs?: number }} [options]
 * @returns {Progress}
 */
export function createProgress({
  write = (text) => void process.stdout.write(text),
  now = () => performance.now(),
  signOfLifeMs = SIGN_OF_LIFE_MS,
} = {}) {
  const say = (/** @type {string} */ text) => write(`${text}\n`);
  return {
    say,
    warn: (text) => say(`! ${text}`),
    async step(title, work) {
      const started = now();
      let latest = '';
      say(`- ${title} ...`);
      const timer = setInterval(() => {
        say(`    still at it after ${seconds(now() - started)}${latest === '' ? '' : `: ${latest}`}`);
      }, signOfLifeMs);
      try {
        const result = await work((text) => {
          latest = text.trim().slice(0, 100);
        });
        say(`  done in ${seconds(now() - started)}`);
        return result;
      } catch (error) {
        say(`  ${error instanceof StoppedError ? 'stopped' : 'failed'} after ${seconds(now() - started)}`);
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
  };
}

/**
 * Formats a duration that may be milliseconds.
 * @param {number} ms
 */
export function duration(ms) {
  return ms < 1_000 ? `${Math.round(ms)} ms` : seconds(ms);
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
