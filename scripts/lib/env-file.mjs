/**
 * The `.env` of the checkout, as people expect one: read by `npm start`, and less than what the environment itself
 * says.
 */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { errorCode, LaunchError } from './errors.mjs';

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} path
 * @returns {NodeJS.ProcessEnv} with what the file adds; empty values count as absent
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
