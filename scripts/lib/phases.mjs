/** What `npm test` spends its time on: its phases with begin and end, of which some run beside others. */

/**
 * @typedef {object} Phase
 * @property {string} title
 * @property {number} fromMs since the command began
 * @property {number} toMs
 *
 * @typedef {object} Phases
 * @property {<T>(title: string, work: () => Promise<T>) => Promise<T>} time counts a phase that fails as well
 * @property {() => Phase[]} list in the order of their beginning
 */

/**
 * @param {() => number} [now] milliseconds
 * @returns {Phases}
 */
export function createPhases(now = () => performance.now()) {
  const began = now();
  /** @type {Phase[]} */
  const phases = [];
  return {
    async time(title, work) {
      const fromMs = now() - began;
      try {
        return await work();
      } finally {
        phases.push({ title, fromMs, toMs: now() - began });
      }
    },
    list: () => [...phases].sort((one, other) => one.fromMs - other.fromMs),
  };
}
