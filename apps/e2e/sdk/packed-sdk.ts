import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { repositoryFile } from '../harness/repository.ts';

const run = promisify(execFile);
const TSC = fileURLToPath(repositoryFile('node_modules/.bin/tsc'));

/** A folder of a project that has installed the SDK from its package, outside of the checkout. */
export interface InstalledSdk {
  folder: string;
  /** Files of the package. */
  files: string[];
  /** Compiles a program that imports the SDK; rejects with what the compiler says. */
  compile(program: string, options: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

/** Packs the SDK and installs the package into an empty folder, without the network. */
export async function installPackedSdk(): Promise<InstalledSdk> {
  const folder = await mkdtemp(join(tmpdir(), 'wa-gate-sdk-'));
  const source = fileURLToPath(repositoryFile('packages/sdk'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: source,
  });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  if (!packed) throw new Error('npm has packed nothing');
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'a-project', private: true, type: 'module' }));
  const archive = join(folder, packed.filename);
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', archive], { cwd: folder });
  return {
    folder,
    files: packed.files.map(({ path }) => path),
    async compile(program, options) {
      await writeFile(join(folder, 'program.ts'), program);
      const fixed = ['--ignoreConfig', '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext'];
      await run(TSC, [...fixed, ...options, 'program.ts'], { cwd: folder }).catch((error: { stdout: string }) => {
        throw new Error(error.stdout);
      });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The types of Node beside the program, as a project has them. */
export async function addNodeTypes({ folder }: InstalledSdk): Promise<void> {
  const types = join(folder, 'node_modules', '@types');
  await mkdir(types, { recursive: true });
  const from = fileURLToPath(repositoryFile('node_modules/@types/node'));
  await cp(from, join(types, 'node'), { recursive: true, dereference: true });
  const store = fileURLToPath(repositoryFile('node_modules/.pnpm'));
  const undici = (await readdir(store)).find((name) => name.startsWith('undici-types@6'));
  if (!undici) throw new Error('@types/node has no undici-types here');
  const inStore = join(store, undici, 'node_modules', 'undici-types');
  await cp(inStore, join(folder, 'node_modules', 'undici-types'), { recursive: true, dereference: true });
}
