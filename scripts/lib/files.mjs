/** Small files of the data folder: written atomically, and not readable by other users. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { errorCode } from './errors.mjs';

const PRIVATE = 0o600;

/**
 * @param {string} path
 * @param {unknown} value
 */
export function writeJson(path, value) {
  writePrivately(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Writes atomically: a full disk or a crash leaves the old content.
 * @param {string} path
 * @param {string} content
 */
export function writePrivately(path, content) {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, content, { mode: PRIVATE });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * @typedef {{ state: 'ok', value: any } | { state: 'missing' } | { state: 'damaged', reason: string }} JsonFile
 * @param {string} path
 * @returns {JsonFile}
 */
export function readJson(path) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { state: 'missing' };
    return { state: 'damaged', reason: error instanceof Error ? error.message : String(error) };
  }
  try {
    const value = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { state: 'ok', value };
    return { state: 'damaged', reason: 'it does not hold a JSON object' };
  } catch {
    return { state: 'damaged', reason: text.trim() === '' ? 'it is empty' : 'it is not valid JSON' };
  }
}

/**
 * Renames an unreadable file instead of overwriting it.
 * @param {string} path
 * @returns {string} where it is now
 */
export function setAside(path) {
  const kept = `${path}.damaged`;
  renameSync(path, kept);
  return kept;
}
