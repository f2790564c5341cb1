/**
 * Private copies of Debian packages: downloaded with apt, unpacked into a folder of the user's cache. Nothing is
 * installed and no rights are needed. All checkouts of a user share a copy, so there is one download.
 */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { runCommand } from './commands.mjs';
import { LaunchError } from './errors.mjs';
import { onPath } from './executables.mjs';
import { oneAtATime } from './lock.mjs';

/**
 * @typedef {object} DebianCopy
 * @property {string} name of the copy, for the progress and the errors
 * @property {string} home the folder that gets the files of the packages: `usr/bin` and so on are below it
 * @property {readonly string[]} packages
 * @property {'missing' | 'none'} [dependencies] `missing`: also what they depend on and the machine lacks, for programs
 *   that run here, which is the default. `none`: these packages alone, for the root of an image
 * @property {string} [hint] what to do when there is no copy to be had
 *
 * @typedef {import('./commands.mjs').CommandContext & { note?: (text: string) => void }} CopyContext
 */

/**
 * Whether this machine has the tools for a copy.
 * @param {NodeJS.ProcessEnv} env
 */
export const hasDebianTools = (env) => ['apt-get', 'dpkg-deb'].every((tool) => onPath(tool, env.PATH) !== undefined);

/**
 * Makes a copy. An earlier one at the same place is replaced, unless another process has made it while this one waited:
 * its programs may run already. A failure leaves nothing.
 * @param {DebianCopy} copy
 * @param {CopyContext} context
 */
export async function makeDebianCopy(copy, context) {
  const { home } = copy;
  const onWait = () => context.note?.('Another process fetches it');
  mkdirSync(dirname(home), { recursive: true });
  await oneAtATime(`${home}.lock`, { signal: context.signal, onWait }, async (hasWaited) => {
    if (!hasWaited || !existsSync(home)) await fetchCopy(copy, context);
  });
}

/**
 * @param {DebianCopy} copy
 * @param {CopyContext} context
 */
async function fetchCopy({ name, home, packages, dependencies = 'missing', hint }, context) {
  const { note = () => {}, ...commands } = context;
  const draft = `${home}.${process.pid}`;
  const inside = (/** @type {string} */ path) => join(draft, path);
  for (const folder of ['lists/partial', 'cache/archives/partial', 'state', 'log', 'root']) {
    mkdirSync(inside(folder), { recursive: true });
  }
  const settings = {
    'Dir::State': inside('state'),
    'Dir::State::Lists': inside('lists'),
    'Dir::State::status': '/var/lib/dpkg/status', // what the machine has need not be fetched
    'Dir::Cache': inside('cache'),
    'Dir::Log': inside('log'),
    'Debug::NoLocking': '1',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '20',
    'APT::Update::Error-Mode': 'any', // lists that cannot be refreshed name packages that are gone
    // apt drops its rights for downloads, and that user could not enter our folder.
    ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
  };
  const options = ['-q', ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
  const run = (/** @type {string} */ command, /** @type {readonly string[]} */ args, cwd = draft) =>
    runCommand(
      { title: `Fetching ${name} (${command})`, command, args, cwd, onLine: note, ...(hint && { hint }) },
      { ...commands, env: { ...commands.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' } },
    );
  const archives = inside('cache/archives');
  try {
    await run('apt-get', [...options, 'update']);
    if (dependencies === 'none') {
      await run('apt-get', [...options, 'download', ...packages], archives);
    } else {
      await run('apt-get', [...options, '-y', '--no-install-recommends', '--download-only', 'install', ...packages]);
    }
    for (const file of readdirSync(archives).filter((one) => one.endsWith('.deb'))) {
      await run('dpkg-deb', ['-x', join(archives, file), inside('root')]);
    }
    rmSync(home, { recursive: true, force: true });
    renameSync(inside('root'), home);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * LD_LIBRARY_PATH for the programs of a copy, and for them only: every folder of it that has shared libraries.
 * @param {string} home
 * @returns {string}
 */
export function librariesOf(home) {
  /** @type {string[]} */
  const folders = [];
  const visit = (/** @type {string} */ folder) => {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (entries.some((entry) => !entry.isDirectory() && /\.so(\.|$)/.test(entry.name))) folders.push(folder);
    for (const entry of entries) if (entry.isDirectory()) visit(join(folder, entry.name));
  };
  for (const lib of ['lib', 'usr/lib'].map((path) => join(home, path)).filter(existsSync)) visit(lib);
  return folders.join(delimiter);
}

/**
 * The cache folder, shared by all checkouts of this user where possible.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} fallback for a user without a home
 * @returns {string}
 */
export function cacheFolder(env, fallback) {
  const preferred = join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'wa-gate');
  for (const folder of [preferred, fallback]) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      // A user without a home: uses the fallback in the data folder.
    }
  }
  throw new LaunchError(`Neither ${preferred} nor ${fallback} can be written.`);
}
