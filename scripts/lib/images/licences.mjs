/** The licences of everything that an image ships: our own, and those of each package, in bundles or beside them. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../paths.mjs';

const TEXT = /^(?:licen[cs]e|copying|notice)/i;

/**
 * @typedef {object} ShippedPackage
 * @property {string} name
 * @property {string} version
 * @property {string} licence by its package.json
 * @property {string} text of its files, one after the other; empty when it has none
 */

/**
 * @param {string} path folder of a package
 * @returns {ShippedPackage}
 */
export function readLicence(path) {
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  const files = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile() && TEXT.test(entry.name));
  return {
    name: manifest.name,
    version: manifest.version,
    licence: licenceOf(manifest),
    text: files.map(({ name }) => readFileSync(join(path, name), 'utf8').trim()).join('\n\n'),
  };
}

/** @param {{ license?: string | { type?: string }, licenses?: { type?: string }[] }} manifest */
function licenceOf({ license, licenses = [] }) {
  const named = typeof license === 'string' ? license : license?.type;
  return named ?? (licenses.map(({ type }) => type).join(' OR ') || 'unknown');
}

/**
 * Writes `LICENSE`, `NOTICE`, a list and the text of each package.
 * @param {string} folder
 * @param {readonly string[]} paths folders of packages
 */
export function writeLicences(folder, paths) {
  mkdirSync(folder, { recursive: true });
  for (const name of ['LICENSE', 'NOTICE']) writeFileSync(join(folder, name), readFileSync(join(ROOT, name)));
  const shipped = new Map(
    paths.map((path) => {
      const one = readLicence(path);
      return [`${one.name}@${one.version}`, one];
    }),
  );
  const sorted = [...shipped.entries()].sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [id, { licence, text }] of sorted) {
    const body = text || `The package has no file of its licence. Its package.json says: ${licence}`;
    writeFileSync(join(folder, `${id.replaceAll('/', '+')}.txt`), `${body}\n`);
  }
  const list = sorted.map(([id, { licence }]) => `${id}  ${licence}`);
  writeFileSync(join(folder, 'PACKAGES'), `${list.join('\n')}\n`);
}
