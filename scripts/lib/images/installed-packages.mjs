/**
 * Packages of the store that pnpm has installed, with everything that they depend on. The layout stays pnpm's, with its
 * links, so that each package finds exactly the versions of the lockfile.
 */
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

/**
 * @typedef {object} InstalledPackage
 * @property {string} name
 * @property {string} path its real folder, `…/node_modules/.pnpm/<id>/node_modules/<name>`
 * @property {boolean} isDirect whether the program itself imports it
 * @property {readonly { name: string, path: string }[]} dependencies with their real folders
 */

/** Of packages, what a program does not read: files by their names, and folders of their tests. */
const NEEDLESS = /\.(?:map|md|markdown|d\.[cm]?ts|test\.[cm]?[jt]s)$/i;
const NEEDLESS_FOLDERS = new Set(['node_modules', 'test', 'tests', '__tests__', 'benchmark', 'benchmarks', '.github']);
/** Packages of types alone. */
const TYPES = /^@types\//;
/** Licences count as needed, also those that are written as a page. */
const LICENCE = /^(?:licen[cs]e|copying|notice)/i;

/**
 * The packages that a program imports, and all below them. A name that is not installed for the program is left out:
 * it is an optional one, which its importer does without.
 * @param {readonly string[]} names
 * @param {string} home folder of the program
 * @returns {InstalledPackage[]}
 */
export function resolvePackages(names, home) {
  /** @type {Map<string, InstalledPackage>} */
  const found = new Map();
  const visit = (/** @type {string} */ name, /** @type {string} */ path, isDirect = false) => {
    if (found.has(path)) return;
    const dependencies = neighboursOf(name, path);
    found.set(path, { name, path, isDirect, dependencies });
    for (const dependency of dependencies) visit(dependency.name, dependency.path);
  };
  for (const name of names) {
    const link = join(home, 'node_modules', name);
    if (existsSync(link)) visit(name, realpathSync(link), true);
  }
  return [...found.values()];
}

/**
 * pnpm puts the dependencies of a package beside it, peers and optional ones included.
 * @param {string} name
 * @param {string} path
 */
function neighboursOf(name, path) {
  const modules = path.slice(0, -name.length - 1);
  return readdirSync(modules)
    .flatMap((entry) =>
      entry.startsWith('@') ? readdirSync(join(modules, entry)).map((one) => `${entry}/${one}`) : [entry],
    )
    .filter(
      (entry) =>
        entry !== name && entry !== '.bin' && !TYPES.test(entry) && lstatSync(join(modules, entry)).isSymbolicLink(),
    )
    .map((entry) => ({ name: entry, path: realpathSync(join(modules, entry)) }));
}

/**
 * Whether packages find this one without having named it as a dependency: pnpm offers one version of each so. Baileys
 * relies on it for `long`.
 * @param {string} name
 * @param {string} path
 */
function isHoisted(name, path) {
  const offered = join(path.slice(0, path.indexOf(`${sep}.pnpm${sep}`)), '.pnpm', 'node_modules', name);
  return existsSync(offered) && realpathSync(offered) === path;
}

/**
 * @param {readonly InstalledPackage[]} packages
 * @param {string} target a `node_modules` folder
 */
export function copyPackages(packages, target) {
  const placeOf = (/** @type {string} */ path) => join(target, path.slice(path.indexOf(`${sep}.pnpm${sep}`) + 1));
  const link = (/** @type {string} */ from, /** @type {string} */ to) => {
    mkdirSync(dirname(from), { recursive: true });
    symlinkSync(relative(dirname(from), to), from);
  };
  for (const { name, path, isDirect, dependencies } of packages) {
    const place = placeOf(path);
    cpSync(path, place, {
      recursive: true,
      filter: (source) =>
        (!NEEDLESS.test(source) || LICENCE.test(basename(source))) &&
        !(dirname(source) === path && NEEDLESS_FOLDERS.has(basename(source))),
    });
    const modules = place.slice(0, -name.length - 1);
    for (const dependency of dependencies) link(join(modules, dependency.name), placeOf(dependency.path));
    if (isDirect) link(join(target, name), place);
    if (isHoisted(name, path)) link(join(target, '.pnpm', 'node_modules', name), place);
  }
}
