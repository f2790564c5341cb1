/** Reads the `.env` of the checkout for `npm start`. The environment itself takes precedence. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { errorCode, LaunchError } from './errors.mjs';

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} path
 * @returns {NodeJS.ProcessEnv} the environment with the values of the file; empty values count as absent
 */
export function withEnvFile(env, path) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return env;
    throw new LaunchError(`${path} cannot be read (${errorCode(error)}).`, { cause: error });
  }
  const added = Object.entries(parseEnv(text)).filter(([name, value]) => value !== '' && !env[name]);
  return { ...env, ...Object.fromEntries(added) };
}
