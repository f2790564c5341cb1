/** Maps the output of a tool or a database to a sentence about the environment, for common failures. */

/** @typedef {{ message: string, hint: string }} Explanation */

/** @type {Explanation} */
export const DISK_FULL = {
  message: 'The disk is full.',
  hint: 'Free some space and start again: nothing that was stored is lost.',
};

/** @type {readonly { pattern: RegExp, explanation: Explanation }[]} */
const KNOWN = [
  {
    pattern: /EFBIG|file too large|File size limit exceeded|SIGXFSZ/i,
    explanation: {
      message: 'A file reached the size limit of this shell (ulimit -f).',
      hint: 'Raise the limit and start again: nothing that was stored is lost.',
    },
  },
  {
    pattern: /ENOSPC|no space left on device|Check free disk space|disk quota exceeded|EDQUOT/i,
    explanation: DISK_FULL,
  },
  {
    pattern:
      /ERR_PNPM_META_FETCH_FAIL|ERR_PNPM_FETCH_|ERR_PNPM_NO_OFFLINE|ENOTCACHED|(npm (error|ERR!)|registry|fetch|request to|GET http).*(ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ECONNRESET|ENETUNREACH|socket hang up|network)/i,
    explanation: {
      message: 'The package registry cannot be reached, and the packages are not all on this machine yet.',
      hint: 'Check the network, or name a registry that can be reached: npm_config_registry=<url> npm start.',
    },
  },
  {
    pattern: /(Temporary failure resolving|Could not connect to|Failed to fetch|Unable to locate package)/,
    explanation: {
      message: 'The package archive of this system cannot be reached.',
      hint: 'Check the network, or install what is missing yourself: redis-server (or give REDIS_URL), prometheus for --observe, ffmpeg for --ffmpeg.',
    },
  },
  {
    pattern: /Can't reach database server|ECONNREFUSED.*:\d+/,
    explanation: {
      message: 'The PostgreSQL server of DATABASE_URL cannot be reached.',
      hint: 'Check the address, or leave DATABASE_URL out: a private PostgreSQL is started then.',
    },
  },
  {
    pattern: /password authentication failed|Authentication failed against database server/i,
    explanation: {
      message: 'PostgreSQL refuses the password.',
      hint: 'Check DATABASE_URL; for the private PostgreSQL put back the file `secrets` of the data folder.',
    },
  },
];

/**
 * @param {string} output
 * @returns {Explanation | undefined}
 */
export function explainOutput(output) {
  return KNOWN.find(({ pattern }) => pattern.test(output))?.explanation;
}
