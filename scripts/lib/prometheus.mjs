/** The private Prometheus of `npm start -- --observe`: where its program comes from, its configuration, its process. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, hasDebianTools, librariesOf, makeDebianCopy } from './debian-packages.mjs';
import { LaunchError } from './errors.mjs';
import { isRunnable, onPath } from './executables.mjs';
import { writePrivately } from './files.mjs';
import { isHealthy } from './health.mjs';
import { ROOT } from './paths.mjs';
import { STAGES } from './stages.mjs';

const LOOPBACK = '127.0.0.1';
const READY_MS = 60_000;
/** Quicker than in production, where 15 s are usual: somebody is looking. */
const EVERY = '5s';
const KEPT = '15d';
const WITHOUT = 'Install prometheus, or leave out --observe.';

/**
 * @typedef {object} PrometheusPrograms
 * @property {string} prometheus
 * @property {string} promtool
 * @property {NodeJS.ProcessEnv} env for these programs only
 *
 * @typedef {object} ScrapeTarget
 * @property {'wag-gateway' | 'wag-worker'} job
 * @property {string} name of the process, its label `instance`
 * @property {string} address host and port of its metrics
 */

/**
 * One on PATH, else a private copy of the package of this system. Nothing is installed.
 * @param {import('./commands.mjs').CommandContext & {
 *   progress: import('./progress.mjs').Progress, fallbackCache: string }} context
 * @returns {Promise<PrometheusPrograms>}
 */
export async function findPrometheus({ progress, fallbackCache, ...context }) {
  const [prometheus, promtool] = ['prometheus', 'promtool'].map((name) => onPath(name, context.env.PATH));
  if (prometheus !== undefined && promtool !== undefined) return { prometheus, promtool, env: {} };
  const home = join(cacheFolder(context.env, fallbackCache), `prometheus-${process.arch}`);
  const unpacked = unpackedPrograms(home);
  if (unpacked) return unpacked;
  if (!hasDebianTools(context.env)) {
    throw new LaunchError('There is no Prometheus on this machine.', { hint: WITHOUT });
  }
  await progress.step('Fetching Prometheus from the package archive of this system (nothing is installed)', (note) =>
    makeDebianCopy({ name: 'Prometheus', home, packages: ['prometheus'], hint: WITHOUT }, { ...context, note }),
  );
  const fetched = unpackedPrograms(home);
  if (fetched) return fetched;
  throw new LaunchError('The package archive of this system has no Prometheus that we can unpack.', { hint: WITHOUT });
}

/**
 * @param {string} home
 * @returns {PrometheusPrograms | undefined}
 */
function unpackedPrograms(home) {
  const [prometheus = '', promtool = ''] = ['prometheus', 'promtool'].map((name) => join(home, 'usr/bin', name));
  if (!isRunnable(prometheus) || !isRunnable(promtool)) return undefined;
  return { prometheus, promtool, env: { LD_LIBRARY_PATH: librariesOf(home) } };
}

/**
 * The configuration, as YAML in its JSON form. The rules are those of `deploy/prometheus`, as in production.
 * @param {readonly ScrapeTarget[]} targets
 * @param {string | undefined} token that the processes want to be shown
 */
export function prometheusConfig(targets, token) {
  const jobs = [...new Set(targets.map(({ job }) => job))];
  return {
    global: { scrape_interval: EVERY, scrape_timeout: EVERY, evaluation_interval: EVERY },
    rule_files: [join(ROOT, 'deploy/prometheus/rules/*.yml')],
    scrape_configs: jobs.map((job) => ({
      job_name: job,
      ...(token && { authorization: { credentials: token } }),
      static_configs: targets
        .filter((target) => target.job === job)
        .map(({ name, address }) => ({ targets: [address], labels: { instance: name } })),
    })),
  };
}

/**
 * @param {object} options
 * @param {PrometheusPrograms} options.programs
 * @param {string} options.folder
 * @param {number} options.port
 * @param {readonly ScrapeTarget[]} options.targets
 * @param {string | undefined} options.token
 * @param {string} options.logFile
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {import('./child.mjs').ChildSpec}
 */
export function prometheusSpec({ programs, folder, port, targets, token, logFile, env }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const config = join(folder, 'prometheus.yml');
  writePrivately(config, `${JSON.stringify(prometheusConfig(targets, token), null, 2)}\n`);
  const url = `http://${LOOPBACK}:${port}`;
  return {
    name: 'prometheus',
    kind: 'service',
    command: programs.prometheus,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--storage.tsdb.retention.time=${KEPT}`,
      `--web.listen-address=${LOOPBACK}:${port}`,
    ],
    cwd: folder,
    env: { ...env, ...programs.env },
    logFile,
    url,
    stage: STAGES.services,
    stopSignal: 'SIGTERM',
    readyMs: READY_MS,
    isReady: () => isHealthy(`${url}/-/ready`),
  };
}
