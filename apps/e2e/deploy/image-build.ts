import { execFileSync, spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryFile } from '../harness/repository.ts';
import { buildahOf, installBuildah } from './buildah.ts';
import { writeBase } from './image-base.ts';
import { loadScripts } from './scripts.ts';

export const TAG = 'test';
const ROOT = fileURLToPath(repositoryFile('.'));

export interface BuildOptions {
  signal?: AbortSignal;
  /** What else runs on the machine goes first. @default false */
  yielding?: boolean;
}

/** Why the images cannot be built here; null when they can. */
export async function obstacle(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'this user is not root';
  const { hasDebianTools } = await loadScripts();
  if (!hasDebianTools(process.env)) return 'there is no apt-get here';
  const tried = spawnSync('unshare', ['--mount', '--pid', '--fork', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return tried.status === 0 ? null : 'nothing can be mounted here';
}

/** A folder for the images and everything that builds them. It is on the disk of the checkout: /tmp may be memory. */
export async function imageFolder(): Promise<string> {
  const cache = join(ROOT, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  return await mkdtemp(join(cache, 'wa-gate-images-'));
}

/** The store of pnpm that this checkout was installed from: the build needs no network then. */
const storePath = (): string =>
  dirname(
    execFileSync(join(ROOT, 'node_modules/.bin/pnpm'), ['store', 'path'], { cwd: ROOT, encoding: 'utf8' }).trim(),
  );

/**
 * Builds all images by `npm run images`, with Debian's buildah and on a base made here, into the storage of the folder.
 *
 * @returns milliseconds of `npm run images`
 */
export async function buildImages(
  folder: string,
  { signal, yielding = false }: BuildOptions = {},
): Promise<{ ms: number }> {
  const { runCommand } = await loadScripts();
  const pnpm = realpathSync(join(ROOT, 'node_modules/pnpm'));
  await installBuildah(folder, [
    [storePath(), '/pnpm/store'],
    [pnpm, '/pnpm/program'],
  ]);
  const buildah = buildahOf(folder);
  for (const kind of ['run', 'build'] as const) {
    const tree = join(folder, `base-${kind}`);
    await writeBase(tree, kind);
    const container = await buildah.call('from', 'scratch');
    await buildah.call('add', '--quiet', container, tree, '/');
    await buildah.call('config', '--env', 'PATH=/usr/local/bin:/usr/bin:/bin', container);
    await buildah.call('commit', '--quiet', '--rm', container, `localhost/wa-gate-node:${kind}`);
    await rm(tree, { recursive: true });
    signal?.throwIfAborted();
  }
  const begun = performance.now();
  const install =
    '/usr/local/bin/node /pnpm/program/bin/pnpm.cjs install --frozen-lockfile --offline --package-import-method=copy --store-dir=/pnpm/store';
  const bases = ['--node-image', 'localhost/wa-gate-node:build', '--runtime-image', 'localhost/wa-gate-node:run'];
  const args = [...bases, '--engine', 'buildah', '--tag', TAG, '--install', install, '--revision', 'r1'];
  const env = { ...process.env, PATH: `${buildah.bin}:${process.env.PATH}` };
  await runCommand(
    { title: 'npm run images', command: process.execPath, args: [join(ROOT, 'scripts/images.mjs'), ...args], yielding },
    { env, ...(signal && { signal }) },
  );
  return { ms: performance.now() - begun };
}
