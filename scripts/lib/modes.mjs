/**
 * The stages of the v2 brief as sets of processes. The software is the same in all of them: every mode has every route.
 * They differ in the number of processes, and so in the failures that they survive.
 */

/**
 * @typedef {object} Mode
 * @property {number} gateways that answer requests
 * @property {boolean} separateJobs webhooks, mails and tidying in a process of their own
 * @property {number} workers of the sandbox
 * @property {boolean} demo run the demonstration by default
 * @property {boolean} metrics serve /metrics by default
 *
 * @typedef {keyof typeof MODES} ModeName
 */

export const DEFAULT_MODE = 'standard';

export const MODES = /** @satisfies {Record<string, Mode>} */ ({
  minimal: { gateways: 1, separateJobs: false, workers: 1, demo: false, metrics: false },
  standard: { gateways: 1, separateJobs: false, workers: 2, demo: true, metrics: true },
  advanced: { gateways: 1, separateJobs: true, workers: 2, demo: true, metrics: true },
  enterprise: { gateways: 2, separateJobs: true, workers: 3, demo: true, metrics: true },
});

/**
 * @param {string} name
 * @returns {name is ModeName}
 */
export const isMode = (name) => Object.hasOwn(MODES, name);
