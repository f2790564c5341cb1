import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ownCheckout } from '../harness/checkout.ts';

const run = promisify(execFile);
/** Written when a checkout is built: a run that was interrupted leaves none. */
const BUILT = 'node_modules/.built';
const MAX_OUTPUT_BYTES = 64 * 1_024 * 1_024;

/** The full hash of a commit; `null`: this clone does not have it, as a shallow one of a CI. */
export async function findCommit(ref: string): Promise<string | null> {
  const args = ['-C', ownCheckout, 'rev-parse', '--verify', '--quiet', `${ref}^{commit}`];
  return await run('git', args).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
}

/** A built checkout of a commit, in a folder that the next run finds again. Takes about a minute the first time. */
export async function buildCheckout(commit: string): Promise<string> {
  // Not below a `node_modules`: the compiler takes what is there for packages.
  const folder = join(tmpdir(), 'wa-gate-versions', commit.slice(0, 12));
  if (existsSync(join(folder, BUILT))) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, '..'), { recursive: true });
  const execute = (program: string, ...args: string[]) =>
    run(program, args, { cwd: folder, maxBuffer: MAX_OUTPUT_BYTES });
  await run('git', ['clone', '--quiet', '--no-checkout', '--shared', ownCheckout, folder]);
  await execute('git', 'checkout', '--quiet', '--detach', commit);
  const { packageManager } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    packageManager: string;
  };
  await execute('npx', '--yes', packageManager, 'install', '--frozen-lockfile', '--prefer-offline');
  await execute('npx', 'turbo', 'run', 'build');
  await writeFile(join(folder, BUILT), '');
  return folder;
}
