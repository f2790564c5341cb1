/** `run.json`: the running processes and the credentials to use them, for people and programs of the same user. */
import { readJson, setAside, writeJson } from './files.mjs';

/**
 * @typedef {object} RunFile
 * @property {string} gateway
 * @property {string} sandbox
 * @property {string} databaseUrl
 * @property {string} redisUrl
 * @property {string | null} prometheus
 * @property {{ name: string, pid: number, url: string }[]} processes
 * @property {{ email: string, password: string }} admin
 * @property {{ sessionId: string, apiKey: string, phone: string } | null} demo
 */

/**
 * @param {string} path
 * @param {RunFile} run
 */
export function writeRunFile(path, run) {
  writeJson(path, run);
}

/**
 * The URL of the gateway by the file. After an orderly stop it names no process.
 * @param {string} path
 * @returns {string | undefined}
 */
export function readGatewayUrl(path) {
  const file = readJson(path);
  if (file.state !== 'ok' || !Array.isArray(file.value.processes) || file.value.processes.length === 0)
    return undefined;
  return typeof file.value.gateway === 'string' ? file.value.gateway : undefined;
}

/**
 * Renames a damaged file and warns. Every start writes the file anew; nothing is stored in it alone.
 * @param {string} path
 * @param {(text: string) => void} warn
 */
export function setDamagedRunFileAside(path, warn) {
  const file = readJson(path);
  if (file.state !== 'damaged') return;
  warn(`${path} is damaged (${file.reason}). It is kept as ${setAside(path)} and written anew; no data is in it.`);
}
