/** Failures with a remedy for the user. The two commands print only these; a stack trace shows a defect of our own. */

import { explainOutput } from './explain.mjs';

export class LaunchError extends Error {
  name = 'LaunchError';

  /**
   * @param {string} message one sentence: what went wrong
   * @param {{ hint?: string | undefined, details?: string | undefined, cause?: unknown }} [more] what to do about it;
   *   the tool's own last words
   */
  constructor(message, { hint, details, cause } = {}) {
    super(message, { cause });
    this.hint = hint;
    this.details = details;
  }
}

/** The user stopped the launcher during its start. */
export class StoppedError extends Error {
  name = 'StoppedError';
}

/**
 * @param {unknown} error
 * @returns {string} for the terminal
 */
export function formatError(error) {
  if (!(error instanceof LaunchError)) {
    if (!(error instanceof Error)) return String(error);
    const known = errorCode(error) === undefined ? undefined : explainOutput(error.message);
    return known ? `Error: ${known.message}\n  | ${error.message}\n  ${known.hint}` : (error.stack ?? error.message);
  }
  const lines = [`Error: ${error.message}`];
  if (error.details) lines.push(...error.details.split('\n').map((line) => `  | ${line}`));
  if (error.hint) lines.push(`  ${error.hint}`);
  return lines.join('\n');
}

/**
 * @param {unknown} error
 * @returns {string | undefined} code of a system error, for example ENOENT
 */
export function errorCode(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
