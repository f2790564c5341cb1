/** The ffmpeg that `npm start` gives its gateways: where its programs come from. It is fetched only when asked for. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, hasDebianTools, librariesOf, makeDebianCopy } from './debian-packages.mjs';
import { LaunchError } from './errors.mjs';
import { isRunnable, onPath } from './executables.mjs';

const PROGRAMS = ['ffmpeg', 'ffprobe'];
const WITHOUT = 'Install ffmpeg, or leave out --ffmpeg: images, stickers and voice notes of WAV work without.';

/**
 * Where the programs are, if gateways cannot find them on PATH by themselves.
 * @param {import('./commands.mjs').CommandContext & {
 *   progress: import('./progress.mjs').Progress, fallbackCache: string, isWanted: boolean }} context `isWanted`: a
 *   copy is made when there is none. One that was made before is used anyway
 * @returns {Promise<string | undefined>} a folder for `FFMPEG_DIR`
 */
export async function findFfmpeg({ progress, fallbackCache, isWanted, ...context }) {
  const { env } = context;
  if (env.FFMPEG_DIR) return env.FFMPEG_DIR;
  if (PROGRAMS.every((name) => onPath(name, env.PATH) !== undefined)) return undefined;
  const home = join(cacheFolder(env, fallbackCache), `ffmpeg-${process.arch}`);
  const folder = join(home, 'bin');
  const isThere = () => PROGRAMS.every((name) => isRunnable(join(folder, name)));
  if (isThere()) return folder;
  if (!isWanted) return undefined;
  if (!hasDebianTools(env)) throw new LaunchError('There is no ffmpeg on this machine.', { hint: WITHOUT });
  await progress.step(
    'Fetching ffmpeg from the package archive of this system (160 MB; nothing is installed)',
    async (note) => {
      await makeDebianCopy({ name: 'ffmpeg', home, packages: ['ffmpeg'], hint: WITHOUT }, { ...context, note });
      writeStarters(home, folder);
    },
  );
  if (isThere()) return folder;
  throw new LaunchError('The package archive of this system has no ffmpeg that we can unpack.', { hint: WITHOUT });
}

/**
 * Programs that start those of the copy with its libraries, and nothing else with them.
 * @param {string} home
 * @param {string} folder
 */
function writeStarters(home, folder) {
  mkdirSync(folder, { recursive: true });
  const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", `'\\''`)}'`;
  for (const name of PROGRAMS) {
    const program = join(home, 'usr', 'bin', name);
    if (!isRunnable(program)) continue;
    const lines = ['#!/bin/sh', `LD_LIBRARY_PATH=${quoted(librariesOf(home))} exec ${quoted(program)} "$@"`, ''];
    writeFileSync(join(folder, name), lines.join('\n'));
    chmodSync(join(folder, name), 0o755);
  }
}
