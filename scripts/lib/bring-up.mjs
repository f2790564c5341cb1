/** Starts everything in the order of dependencies: packages, build, databases, schema, services. */
import { join } from 'node:path';
import { chooseAdministrator, wantedAdministrator } from './administrator.mjs';
import { build } from './build.mjs';
import { provideDatabases } from './databases.mjs';
import { StoppedError } from './errors.mjs';
import { requirePostgresUrl, requireSandbox } from './external.mjs';
import { findFfmpeg } from './ffmpeg.mjs';
import { installDependencies } from './install.mjs';
import { migrate } from './migrate.mjs';
import { chooseGatewayPort, keepPorts, requirePort } from './ports.mjs';
import { hasCluster } from './postgres-cluster.mjs';
import { findPrometheus, prometheusSpec } from './prometheus.mjs';
import { recover } from './recover.mjs';
import { describeRemovedWorkers } from './removed-workers.mjs';
import { loadSecrets, rememberFirstAdministrator } from './secrets.mjs';
import { isFurtherGateway, metricsPortOf, SERVICE_PACKAGES, serviceSpec, serviceTable } from './services.mjs';
import { readStoredState } from './stored-state.mjs';

const LOOPBACK = '127.0.0.1';
const DATABASE = 'wagate';

/**
 * @param {import('./launcher.mjs').LaunchOptions} launch
 * @param {{ dataDir: import('./data-dir.mjs').DataDir, journal: import('./process-journal.mjs').Journal,
 *   supervisor: import('./supervisor.mjs').Supervisor, reloader: import('./dev/reloader.mjs').Reloader | undefined,
 *   signal: AbortSignal }} own
 * @returns {Promise<import('./services.mjs').Installation>}
 */
export async function bringUp(launch, { dataDir, journal, supervisor, reloader, signal }) {
  const { options, progress, services, prepare } = launch;
  const env = ofOneDatabase(launch.env);
  const secrets = loadSecrets(dataDir.secrets, { hasData: hasCluster(dataDir.postgres), env });
  const host = env.HOST || LOOPBACK;
  const gatewayPort = await chooseGatewayPort({ asked: env.PORT, host, say: progress.say });
  const { live, mode, gateways, workers, dev, observe } = options;
  const askedPrometheus =
    observe && env.PROMETHEUS_PORT ? await requirePort('PROMETHEUS_PORT', env.PROMETHEUS_PORT) : undefined;
  const table = services ?? serviceTable({ live, ownSandbox: !env.SANDBOX_URL, mode, gateways, workers, dev, observe });
  const observing = observe ? ['prometheus'] : [];
  const names = ['postgres', 'redis', 'demo', ...observing, ...table.flatMap((definition) => definition.ports)];
  const ports = await keepPorts(dataDir.ports, names);
  if (env.DATABASE_URL) requirePostgresUrl(env);
  if (env.SANDBOX_URL) await requireSandbox(env.SANDBOX_URL);

  const context = { env, signal, journal };
  // Before anything is started: without a network nothing else has to be stopped again.
  const fallbackCache = join(dataDir.path, 'cache');
  const programs = observe ? await findPrometheus({ progress, fallbackCache, ...context }) : undefined;
  const ffmpegDir = await findFfmpeg({ progress, fallbackCache, isWanted: options.ffmpeg, ...context });
  if (prepare) await prepare();
  else {
    await installDependencies({ progress, ...context });
    await (dev
      ? build({ progress, task: 'generate', ...context })
      : build({ progress, packages: SERVICE_PACKAGES, ...context }));
  }

  const start = (/** @type {import('./child.mjs').ChildSpec} */ spec) => supervisor.start(spec, signal);
  const { databaseUrl, redisUrl } = await provideDatabases({
    external: { postgres: env.DATABASE_URL, redis: env.REDIS_URL },
    database: DATABASE,
    dataDir,
    secrets,
    ports,
    durable: true,
    progress,
    context,
    start,
  });
  if (!prepare) await progress.step('Migrating the database', () => migrate(databaseUrl, context));
  if (options.restored) {
    const { masterKey } = secrets;
    await progress.step('Making the restored data safe to use', () => recover({ databaseUrl, masterKey }, context));
  }

  const reachable = host === '0.0.0.0' || host === '::' ? LOOPBACK : host;
  /** @type {import('./services.mjs').Installation} */
  const installation = {
    dataDir,
    secrets,
    ports,
    gateway: { host, port: gatewayPort, url: `http://${reachable}:${gatewayPort}` },
    furtherGateways: [],
    sandboxUrl: env.SANDBOX_URL?.replace(/\/+$/, '') || `http://${LOOPBACK}:${ports.sandbox}`,
    databaseUrl,
    redisUrl,
    admin: wantedAdministrator(secrets, env),
    hasSandboxWorkers: true,
    ffmpegDir,
    env,
  };
  installation.furtherGateways = table.filter(isFurtherGateway).map(({ url }) => url(installation));
  const ownWorkers = table.filter(({ network }) => network !== undefined);
  const asked = ownWorkers.map(({ name, url }) => ({ name, url: url(installation) }));
  const state = await (launch.storedState?.() ?? readStoredState(databaseUrl, asked, context));
  const { admin, ignored } = chooseAdministrator({ secrets, env, administrators: state.administrators });
  installation.admin = admin;
  if (ignored) progress.warn(ignored);
  const isRemoved = (/** @type {{ name: string }} */ { name }) => state.removedWorkers.includes(name);
  const started = table.filter((definition) => !isRemoved(definition));
  installation.hasSandboxWorkers = started.some(({ network }) => network === 'sandbox');
  for (const wave of [...new Set(started.map((definition) => definition.wave))].sort((a, b) => a - b)) {
    const together = started.filter((definition) => definition.wave === wave);
    await progress.step(`Starting ${together.map((definition) => definition.name).join(', ')}`, () =>
      allSettledOrFirstError(
        together.map((definition) => {
          const spec = serviceSpec(definition, installation);
          return start(reloader && definition.app ? reloader.adopt(definition.app, spec) : spec);
        }),
      ),
    );
    // The gateway of the first wave makes the administrator.
    if (state.administrators.length === 0) rememberFirstAdministrator(dataDir.secrets, admin);
  }
  if (programs) {
    const port = askedPrometheus ?? ports.prometheus ?? 0;
    const spec = prometheusSpec({
      programs,
      folder: dataDir.prometheus,
      port,
      targets: scrapeTargets(started, ports),
      token: env.METRICS_TOKEN,
      logFile: join(dataDir.logs, 'prometheus.log'),
      env,
    });
    await progress.step('Starting Prometheus', () => start(spec));
    installation.prometheusUrl = spec.url;
  }
  const removed = describeRemovedWorkers(ownWorkers.filter(isRemoved), started, installation);
  if (removed) progress.warn(removed);
  return installation;
}

/**
 * @param {readonly import('./services.mjs').ServiceDefinition[]} started
 * @param {Record<string, number>} ports
 * @returns {import('./prometheus.mjs').ScrapeTarget[]}
 */
function scrapeTargets(started, ports) {
  return started.flatMap(({ name, scrapeJob }) =>
    scrapeJob === undefined ? [] : [{ job: scrapeJob, name, address: `${LOOPBACK}:${ports[metricsPortOf(name)]}` }],
  );
}

/**
 * DATABASE_DIRECT_URL belongs to a DATABASE_URL: it leads nowhere beside a private PostgreSQL.
 * @param {NodeJS.ProcessEnv} env
 */
const ofOneDatabase = (env) => (env.DATABASE_URL ? env : { ...env, DATABASE_DIRECT_URL: '' });

/**
 * Waits for all promises, so that nothing is still starting while the failure of one is handled.
 * @template T
 * @param {Promise<T>[]} promises
 * @returns {Promise<T[]>}
 */
async function allSettledOrFirstError(promises) {
  const results = await Promise.allSettled(promises);
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const cause = failures.find((reason) => !(reason instanceof StoppedError)) ?? failures[0];
  if (cause) throw cause;
  return Promise.all(promises);
}
