/** The folder of one installation: data, secrets, logs, and the list of running processes. */
import { accessSync, chmodSync, constants, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errorCode, LaunchError } from './errors.mjs';
import { ROOT } from './paths.mjs';

/**
 * @typedef {object} DataDir
 * @property {string} path
 * @property {string} logs folder of the children's log files
 * @property {string} secrets
 * @property {string} run `run.json`: what is running where, for people and programs
 * @property {string} ports
 * @property {string} processes our own record of what to clean up after a crash
 * @property {string} lock
 * @property {string} demo
 * @property {string} postgres folder of the private PostgreSQL
 * @property {string} redis folder of the private Redis
 * @property {string} sandbox folder of the sandbox's state
 * @property {string} prometheus folder of the private Prometheus
 * @property {string} media folder of the media store
 * @property {string} mail the local mailbox: one `.eml` file per mail
 */

/**
 * Creates the folder when needed, with mode 0700, because it has keys.
 * @param {string} path
 * @returns {DataDir}
 */
export function openDataDir(path) {
  try {
    mkdirSync(join(path, 'logs'), { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    chmodSync(path, 0o700);
  } catch (error) {
    throw new LaunchError(`The data folder ${path} cannot be used (${errorCode(error) ?? String(error)}).`, {
      hint: 'It must belong to the user who runs the command; DATA_DIR=<folder> names another one.',
      cause: error,
    });
  }
  const inside = (/** @type {string} */ name) => join(path, name);
  return {
    path,
    logs: inside('logs'),
    secrets: inside('secrets'),
    run: inside('run.json'),
    ports: inside('ports.json'),
    processes: inside('processes.json'),
    lock: inside('launcher.lock'),
    demo: inside('demo.json'),
    postgres: inside('postgres'),
    redis: inside('redis'),
    sandbox: inside('sandbox'),
    media: inside('media'),
    mail: inside('mail'),
    prometheus: inside('prometheus'),
  };
}

/** @param {NodeJS.ProcessEnv} env */
export function dataDirPath(env) {
  return resolve(ROOT, env.DATA_DIR || '.wa-gate');
}
