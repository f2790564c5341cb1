/**
 * Tests against the built files. `npm test` builds first, so nothing has to be transformed again: tests are read from
 * their sources, and what they import from `src` comes from `dist`, which Node loads by itself. Stack traces name the
 * lines of the sources, by the maps of the build.
 */
import { existsSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { ROOT } from './paths.mjs';

/** The variable that `npm test` sets. Without it (`npx vitest`) everything is read from its source, built or not. */
export const AGAINST_BUILT = 'WAG_TESTS_AGAINST_BUILT';

/** What Vitest leaves to Node. */
export const BUILT_FILES = /\/(?:apps|packages)\/[^/]+\/dist\/.*\.js$/;

const SOURCE = /^((?:apps|packages)\/[^/]+)\/src\/(.+)\.ts$/;
const TEST = /\.test\.ts$/;

/**
 * @param {string} path of a file that is imported, absolute
 * @returns {string | undefined} what it was built to; undefined for tests, what is not built, and what is not there
 */
export function builtFileOf(path) {
  if (!path.startsWith(ROOT + sep) || TEST.test(path)) return undefined;
  const [, folder, name] = SOURCE.exec(path.slice(ROOT.length + 1)) ?? [];
  if (folder === undefined) return undefined;
  const built = `${ROOT}/${folder}/dist/${name}.js`;
  // A built file whose source is gone is a leftover.
  return existsSync(built) && existsSync(path) ? built : undefined;
}

/**
 * Leads relative imports of tests to the built files. Names of packages lead there by themselves.
 * @returns {import('vitest/config').Plugin}
 */
export const builtSources = () => ({
  name: 'built-sources',
  enforce: 'pre',
  resolveId: (source, importer) =>
    importer !== undefined && source.startsWith('.') ? builtFileOf(resolve(dirname(importer), source)) : undefined,
});
