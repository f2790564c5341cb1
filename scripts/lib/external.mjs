/** Checks external services before anything is started, so that the error is clear. */
import { connect } from 'node:net';
import { DatabaseUrlError, parseConnectionUrl, sessionUrl } from '../../packages/db/bin/engine/connection.mjs';
import { LaunchError } from './errors.mjs';
import { isHealthy } from './health.mjs';

const CONNECT_MS = 5_000;
const DATABASE_HINT = 'Without DATABASE_URL a private PostgreSQL is started.';

/**
 * Checks the form of DATABASE_URL and DATABASE_DIRECT_URL. The migration finds out whether the server answers.
 * @param {NodeJS.ProcessEnv} env
 */
export function requirePostgresUrl(env) {
  try {
    parseConnectionUrl(env.DATABASE_URL ?? '');
    sessionUrl(env);
  } catch (error) {
    if (!(error instanceof DatabaseUrlError)) throw error;
    throw new LaunchError(error.message, { hint: DATABASE_HINT });
  }
}

/** @param {string} url */
export async function requireRedis(url) {
  const { hostname, port } = parseUrl('REDIS_URL', url);
  if (await accepts(hostname, Number(port || 6379))) return;
  throw new LaunchError(`The Redis of REDIS_URL (${hostname}:${port || 6379}) cannot be reached.`, {
    hint: 'Check the address, or leave REDIS_URL out: a private Redis is started then.',
  });
}

/** @param {string} url */
export async function requireSandbox(url) {
  parseUrl('SANDBOX_URL', url);
  if (await isHealthy(`${url}/health`)) return;
  throw new LaunchError(`The sandbox of SANDBOX_URL (${url}) does not answer.`, {
    hint: 'Start it, or leave SANDBOX_URL out: a sandbox is started here then.',
  });
}

/**
 * @param {string} name
 * @param {string} url
 */
function parseUrl(name, url) {
  try {
    return new URL(url);
  } catch {
    throw new LaunchError(`${name} is not a URL.`);
  }
}

/**
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function accepts(host, port) {
  return new Promise((resolve) => {
    const socket = connect(port, host.replace(/^\[|\]$/g, ''));
    const done = (/** @type {boolean} */ result) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(CONNECT_MS, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
