/**
 * The secrets of one installation, generated once. The master key encrypts stored data, so a new one is never made over
 * old data: the loss of the file must be detected while the right key can still be restored.
 */
import { randomBytes } from 'node:crypto';
import { LaunchError } from './errors.mjs';
import { readJson, writeJson } from './files.mjs';

const MASTER_KEY_BYTES = 32;

/**
 * @typedef {object} Secrets
 * @property {string} masterKey 32 bytes, base64; while keys are being rotated older ones follow after commas
 * @property {string} workerToken join token of workers
 * @property {string} postgresPassword of the private PostgreSQL
 * @property {string} redisPassword of the private Redis
 * @property {string} adminPassword for the first administrator, unless ADMIN_PASSWORD names another
 * @property {Credentials} [firstAdministrator] with what the first administrator was made, as soon as there is one
 *
 * @typedef {{ email: string, password: string }} Credentials
 */

/** @type {Record<Exclude<keyof Secrets, 'firstAdministrator'>, () => string>} */
const GENERATORS = {
  masterKey: () => randomBytes(MASTER_KEY_BYTES).toString('base64'),
  workerToken: () => randomBytes(32).toString('base64url'),
  postgresPassword: () => randomBytes(24).toString('base64url'),
  redisPassword: () => randomBytes(24).toString('base64url'),
  adminPassword: () => randomBytes(15).toString('base64url'),
};

/**
 * @param {string} path
 * @param {{ hasData: boolean, env: NodeJS.ProcessEnv }} context
 * @returns {Secrets}
 */
export function loadSecrets(path, { hasData, env }) {
  const file = readJson(path);
  if (file.state === 'damaged') {
    throw new LaunchError(`The secrets in ${path} cannot be read: ${file.reason}.`, {
      hint: 'Put back a good copy. Without the master key the stored WhatsApp keys cannot be read.',
    });
  }
  if (file.state === 'missing' && hasData) {
    throw new LaunchError(`${path} is missing, but this data folder already holds data that its keys protect.`, {
      hint: 'Put the file back. To begin again with nothing, move the data folder away.',
    });
  }
  const secrets = file.state === 'ok' ? requireComplete(path, file.value) : generate();
  if (file.state === 'missing') writeJson(path, secrets);
  return {
    ...secrets,
    masterKey: requireMasterKey(env.WAG_MASTER_KEY || secrets.masterKey, env.WAG_MASTER_KEY ? 'WAG_MASTER_KEY' : path),
    workerToken: env.WORKER_AUTH_TOKEN || secrets.workerToken,
  };
}

/**
 * @param {string} path
 * @param {Credentials} credentials
 */
export function rememberFirstAdministrator(path, { email, password }) {
  const file = readJson(path);
  if (file.state === 'ok') writeJson(path, { ...file.value, firstAdministrator: { email, password } });
}

function generate() {
  return /** @type {Record<keyof typeof GENERATORS, string>} */ (
    Object.fromEntries(Object.entries(GENERATORS).map(([name, create]) => [name, create()]))
  );
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} value
 * @returns {Secrets}
 */
function requireComplete(path, value) {
  const missing = Object.keys(GENERATORS).filter((name) => typeof value[name] !== 'string' || value[name] === '');
  if (missing.length === 0) return /** @type {Secrets} */ (/** @type {unknown} */ (value));
  throw new LaunchError(`The secrets in ${path} are incomplete: ${missing.join(', ')}.`, {
    hint: 'Put back a good copy. To begin again with nothing, move the data folder away.',
  });
}

/**
 * @param {string} key
 * @param {string} source
 */
function requireMasterKey(key, source) {
  if (key.split(',').every((part) => isMasterKey(part.trim()))) return key;
  throw new LaunchError(`The master key in ${source} is not ${MASTER_KEY_BYTES} bytes in base64.`, {
    hint: 'Give the key that the stored data was encrypted with.',
  });
}

/** @param {string} key */
function isMasterKey(key) {
  const bytes = Buffer.from(key, 'base64');
  return bytes.length === MASTER_KEY_BYTES && bytes.toString('base64').replace(/=+$/, '') === key.replace(/=+$/, '');
}
