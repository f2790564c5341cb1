/** Runs the commands of the gateway with the database and the keys of a data folder. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dataDirPath } from './data-dir.mjs';
import { LaunchError } from './errors.mjs';
import { readJson } from './files.mjs';
import { ROOT } from './paths.mjs';
import { loadSecrets } from './secrets.mjs';

/** The built program. */
export const WAG = join(ROOT, 'apps', 'gateway', 'dist', 'cli', 'main.js');
const SIGNALLED = 1;

/**
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} the exit code
 */
export async function runWag(args, env) {
  if (!existsSync(WAG)) {
    throw new LaunchError('The gateway is not built yet.', { hint: 'Run npm start once: it builds everything.' });
  }
  const child = spawn(process.execPath, [WAG, ...args], {
    stdio: 'inherit',
    env: asksForHelp(args) ? env : { ...env, ...installationEnvironment(env) },
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? SIGNALLED));
  });
}

/** @param {readonly string[]} args */
const asksForHelp = (args) => args.length === 0 || args.some((arg) => ['help', '--help', '-h'].includes(arg));

/**
 * The environment with the addresses and keys of an installation. A database that the environment names is that of an
 * installation elsewhere, or of one that does not run now.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function installationEnvironment(env) {
  if (env.DATABASE_URL && env.WAG_MASTER_KEY) return {};
  const { databaseUrl, redisUrl, gateway } = runningInstallation(env);
  const dataDir = dataDirPath(env);
  const { masterKey } = loadSecrets(join(dataDir, 'secrets'), { hasData: true, env });
  return {
    DATABASE_URL: databaseUrl,
    DATABASE_DIRECT_URL: env.DATABASE_URL ? env.DATABASE_DIRECT_URL : undefined,
    WAG_MASTER_KEY: masterKey,
    WAG_KEY_FILE: join(dataDir, 'wag.key'),
    DATA_DIR: dataDir,
    ...(redisUrl && { REDIS_URL: redisUrl }),
    ...(gateway && { WAG_API_URL: gateway }),
  };
}

/**
 * The running installation of the data folder, with the administrator of its first start.
 * @param {NodeJS.ProcessEnv} env
 * @returns {import('./run-file.mjs').RunFile}
 * @throws {LaunchError} when nothing runs there
 */
export function runningInstallation(env) {
  const path = dataDirPath(env);
  const run = readJson(join(path, 'run.json'));
  const isRunning = run.state === 'ok' && Array.isArray(run.value.processes) && run.value.processes.length > 0;
  if (!isRunning || typeof run.value.databaseUrl !== 'string') {
    throw new LaunchError(`wa-gate does not run in ${path}.`, {
      hint: 'Start it with npm start and run the command beside it; DATA_DIR=<folder> names another folder.',
    });
  }
  return run.value;
}
