/** The source folders of an app: its own and those of the workspace packages that it uses. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../paths.mjs';

const SCOPE = '@wa-gate/';
/** Files that no running process loads. */
const IS_FOR_TESTS = /(\.test\.ts|\.testing\.ts|[\\/]testing[\\/].*)$/;
const IMPORT = /^(?:import|export)(?!\s+type\b)(?:[^'"]*?\bfrom)?\s*'([^'"]+)'/gm;
/**
 * Packages that must not be loaded ahead: the worker patches what Baileys uses (AsyncLocalStorage, console) before it
 * loads Baileys. The sandbox uses only its data.
 */
const NOT_AHEAD = new Set(['@whiskeysockets/baileys', 'libsignal']);

/**
 * @param {string} app
 * @param {string} [root]
 * @returns {string[]} absolute folders, the app's own first
 */
export function sourceFolders(app, root = ROOT) {
  const folders = [join(root, 'apps', app, 'src')];
  // The sandbox holds the accounts and phones in memory, so it restarts only for its own sources.
  if (app === 'sandbox') return folders;
  return [
    ...folders,
    ...[...packagesOf(join(root, 'apps', app), root)].map((name) => join(root, 'packages', name, 'src')),
  ];
}

/**
 * @param {string} folder of an app or a package
 * @param {string} root
 * @param {Set<string>} [found]
 * @returns {Set<string>} names of workspace packages, without the scope
 */
function packagesOf(folder, root, found = new Set()) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const dependency of Object.keys(dependencies)) {
    if (!dependency.startsWith(SCOPE)) continue;
    const name = dependency.slice(SCOPE.length);
    if (found.has(name)) continue;
    found.add(name);
    packagesOf(join(root, 'packages', name), root, found);
  }
  return found;
}

/** @param {string} file */
export const isSource = (file) => file.endsWith('.ts') && !IS_FOR_TESTS.test(file);

/**
 * External packages that the sources in these folders import, each with an importing file.
 * @param {readonly string[]} folders
 * @returns {{ specifier: string, parent: string }[]} parent is a file URL
 */
export function externalImports(folders) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const folder of folders) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const file = join(folder, name);
      if (!isSource(file)) continue;
      for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
        if (/^(\.|#|node:)/.test(specifier) || specifier.startsWith(SCOPE) || NOT_AHEAD.has(specifier)) continue;
        if (!found.has(specifier)) found.set(specifier, pathToFileURL(file).href);
      }
    }
  }
  return [...found].map(([specifier, parent]) => ({ specifier, parent }));
}
