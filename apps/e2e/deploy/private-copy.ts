import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadScripts } from './scripts.ts';

/** Programs of Debian in a folder of the cache of this user; nothing is installed. */
export interface PrivateCopy {
  /** The folder that has `usr/bin` and so on. */
  home: string;
  /** LD_LIBRARY_PATH for these programs, and for them only. */
  libraries: string;
}

const cache = async (): Promise<string> => {
  const { cacheFolder } = await loadScripts();
  return cacheFolder(process.env, join(tmpdir(), 'wa-gate-cache'));
};

/**
 * Gets the packages, or finds them from an earlier run.
 *
 * @param name of the copy; another list of packages needs another name
 */
export async function debianCopy(
  name: string,
  packages: readonly string[],
  dependencies: 'missing' | 'none' = 'missing',
): Promise<PrivateCopy> {
  const { makeDebianCopy, librariesOf } = await loadScripts();
  const home = join(await cache(), `${name}-${process.arch}`);
  if (!existsSync(home)) await makeDebianCopy({ name, home, packages, dependencies }, { env: process.env });
  return { home, libraries: librariesOf(home) };
}

/** An npm package with what it needs, installed into a folder of the cache. @returns its `node_modules` */
export async function npmCopy(name: string, version: string): Promise<string> {
  const { runCommand, oneAtATime } = await loadScripts();
  const home = join(await cache(), `npm-${name}-${version}`);
  const modules = join(home, 'node_modules');
  if (existsSync(modules)) return modules;
  return await oneAtATime(`${home}.lock`, {}, async () => {
    if (existsSync(modules)) return modules;
    const draft = `${home}.${process.pid}`;
    await mkdir(draft, { recursive: true });
    try {
      const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', draft, `${name}@${version}`];
      await runCommand({ title: `Installing ${name}`, command: 'npm', args, cwd: draft }, { env: process.env });
      await rm(home, { recursive: true, force: true });
      await rename(draft, home);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    return modules;
  });
}
