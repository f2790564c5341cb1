/** Installs dependencies, only when the lockfile, the manifests or the runtime have changed. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './commands.mjs';
import { LaunchError } from './errors.mjs';
import { binPath, ROOT } from './paths.mjs';

const OLDEST_NODE = [20, 19];

/** @param {string} version */
export function requireNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new LaunchError(`Node ${version} is too old: ${OLDEST_NODE.join('.')} or newer is needed.`);
}

/**
 * @param {import('./commands.mjs').CommandContext & { progress: import('./progress.mjs').Progress, root?: string }} context
 */
export async function installDependencies({ progress, root = ROOT, ...context }) {
  const stamp = join(root, 'node_modules', '.wa-gate-installed');
  const wanted = installKey(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const { packageManager } = readManifest(root);
  await progress.step('Installing packages (only the first time, or after a change; about a minute)', async (note) => {
    rmSync(stamp, { force: true });
    await runCommand(
      {
        title: 'Installing packages',
        ...pnpmCommand(packageManager),
        cwd: root,
        onLine: note,
        hint: 'Run the command again: what was fetched so far is kept.',
      },
      { ...context, env: installEnvironment(context.env) },
    );
    writeFileSync(stamp, wanted);
  });
}

/**
 * Runs pnpm through npx, which comes with Node. A cached copy is used without a request to the registry, so that a warm
 * cache needs no network.
 * @param {string} packageManager
 */
function pnpmCommand(packageManager) {
  const install = ['install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'];
  const ours = binPath('pnpm');
  return existsSync(ours) && installedPnpm() === packageManager
    ? { command: ours, args: install }
    : { command: 'npx', args: ['--yes', '--prefer-offline', packageManager, ...install] };
}

function installedPnpm() {
  try {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'node_modules', 'pnpm', 'package.json'), 'utf8'));
    return `pnpm@${manifest.version}`;
  } catch {
    return undefined;
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function installEnvironment(env) {
  return {
    ...env,
    CI: '1', // never ask
    npm_config_fetch_retries: env.npm_config_fetch_retries ?? '2',
    npm_config_fetch_retry_mintimeout: env.npm_config_fetch_retry_mintimeout ?? '1000',
    npm_config_fetch_retry_maxtimeout: env.npm_config_fetch_retry_maxtimeout ?? '5000',
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    // npm passes its own settings on to its children; these two belong only to the outer `npm start`.
    npm_config_argv: undefined,
    npm_command: undefined,
  };
}

/**
 * A hash of everything that determines an installation. Native packages are built for one platform and one Node ABI.
 * @param {string} root
 */
function installKey(root) {
  const hash = createHash('sha256');
  const manifests = ['apps', 'packages'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .sort()
      .map((name) => join(folder, name, 'package.json')),
  );
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  }
  return [hash.digest('hex'), process.platform, process.arch, process.versions.modules].join(' ');
}

/** @param {string} root */
function readManifest(root) {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}
