/**
 * The one table of our own services: what is started, with which settings, and how it is known to be ready. The
 * launcher knows nothing else about them, so a test can give it another table.
 */
import { dirname, join, resolve } from 'node:path';
import { sourceFlags } from './dev/source-runtime.mjs';
import { isHealthy } from './health.mjs';
import { MODES } from './modes.mjs';
import { ROOT } from './paths.mjs';
import { STAGES } from './stages.mjs';

const LOOPBACK = '127.0.0.1';
const READY_MS = 60_000;
/**
 * Without a bound the heap grows with the memory of the machine before anything is collected: under load to twice of
 * what is in use. In megabytes.
 */
const GATEWAY_HEAP = ['--max-old-space-size=320'];
const CHILD_GRACE_MS = 8_000;

/**
 * @typedef {object} Installation everything the services have to know
 * @property {import('./data-dir.mjs').DataDir} dataDir
 * @property {import('./secrets.mjs').Secrets} secrets
 * @property {Record<string, number>} ports by service name
 * @property {{ host: string, port: number, url: string }} gateway
 * @property {string[]} furtherGateways their URLs
 * @property {string} sandboxUrl
 * @property {string} databaseUrl
 * @property {string} redisUrl
 * @property {{ email: string, password: string }} admin
 * @property {string} [prometheusUrl] of the private Prometheus, when one runs
 * @property {string | undefined} [ffmpegDir] folder of an ffmpeg that is not on PATH
 * @property {boolean} hasSandboxWorkers false when an administrator has removed them all
 * @property {NodeJS.ProcessEnv} env
 *
 * @typedef {object} ServiceDefinition
 * @property {string} name
 * @property {string} [app] folder below `apps`; not of those that a test makes up
 * @property {string} entry the script that is run
 * @property {number} wave services of one wave start together, after those before them are ready
 * @property {readonly string[]} ports names of the ports it needs, kept over restarts
 * @property {number} stage
 * @property {'sandbox' | 'live'} [network] of a worker
 * @property {'wag-gateway' | 'wag-worker'} [scrapeJob] what Prometheus calls such processes; absent: it has no metrics
 * @property {(installation: Installation) => string} url
 * @property {string} readyPath
 * @property {readonly string[]} [nodeFlags] of node itself
 * @property {(installation: Installation) => NodeJS.ProcessEnv} env
 */

/** @param {string} app */
const bundledEntry = (app) => join(ROOT, 'apps', app, 'bundle', 'main.js');
/** @param {string} app */
const sourceEntry = (app) => join(ROOT, 'apps', app, 'src', 'main.ts');

/** Packages whose build the launcher needs; turbo adds what they depend on. */
export const SERVICE_PACKAGES = ['@wa-gate/gateway', '@wa-gate/worker', '@wa-gate/sandbox', '@wa-gate/dashboard'];

/**
 * @param {object} options
 * @param {boolean} options.live
 * @param {boolean} options.ownSandbox
 * @param {import('./modes.mjs').ModeName} options.mode
 * @param {number | undefined} [options.gateways] instead of those of the mode
 * @param {number | undefined} [options.workers] instead of those of the mode
 * @param {boolean} [options.dev] run the sources, unbuilt
 * @param {boolean} [options.observe] a Prometheus reads the metrics, so every mode serves them
 */
export function serviceTable({ live, ownSandbox, mode, gateways, workers, dev = false, observe = false }) {
  const { separateJobs } = MODES[mode];
  const table = [
    ...(ownSandbox ? [SANDBOX] : []),
    firstGateway(separateJobs ? 'api' : 'all'),
    ...numbered(gateways ?? MODES[mode].gateways)
      .slice(1)
      .map((number) => furtherGateway(`gateway-${number}`, 'api')),
    ...(separateJobs ? [furtherGateway('jobs', 'jobs')] : []),
    ...numbered(workers ?? MODES[mode].workers).map((number) => worker(`worker-${number}`, 'sandbox')),
    ...(live ? [worker('live-1', 'live')] : []),
  ].map(withMetricsPort);
  if (dev) return table.map(fromSource);
  return MODES[mode].metrics || observe ? table : table.map(withoutMetrics);
}

/**
 * @param {ServiceDefinition} definition
 * @returns {ServiceDefinition}
 */
function fromSource(definition) {
  const { app, nodeFlags = [] } = definition;
  if (app === undefined) return definition;
  return { ...definition, entry: sourceEntry(app), nodeFlags: [...sourceFlags(), ...nodeFlags] };
}

/** The name of the port of a service's metrics. */
export const metricsPortOf = (/** @type {string} */ name) => `${name}-metrics`;

/**
 * The port of the API is for everybody; that of the metrics is on loopback, whatever `HOST` says.
 * @param {ServiceDefinition} definition
 * @returns {ServiceDefinition}
 */
function withMetricsPort(definition) {
  const { name, scrapeJob, ports, env } = definition;
  if (scrapeJob === undefined) return definition;
  const port = metricsPortOf(name);
  return {
    ...definition,
    ports: [...ports, port],
    env: (installation) => ({
      ...env(installation),
      METRICS_HOST: LOOPBACK,
      METRICS_PORT: String(installation.ports[port] ?? ''),
    }),
  };
}

const numbered = (/** @type {number} */ count) => Array.from({ length: count }, (_, index) => index + 1);

/** @param {ServiceDefinition} definition */
const withoutMetrics = (definition) => ({
  ...definition,
  env: (/** @type {Installation} */ installation) => ({
    ENABLE_METRICS: installation.env.ENABLE_METRICS || 'false',
    ...definition.env(installation),
  }),
});

/** @type {ServiceDefinition} */
const SANDBOX = {
  name: 'sandbox',
  app: 'sandbox',
  entry: bundledEntry('sandbox'),
  wave: 0,
  ports: ['sandbox', 'sandbox-ws'],
  stage: STAGES.sandbox,
  url: ({ sandboxUrl }) => sandboxUrl,
  readyPath: '/health',
  env: ({ ports, dataDir }) => ({
    SANDBOX_HOST: LOOPBACK,
    SANDBOX_PORT: String(ports.sandbox),
    SANDBOX_WS_PORT: String(ports['sandbox-ws']),
    SANDBOX_DATA_DIR: dataDir.sandbox,
  }),
};

/**
 * The one that everybody is told of. It makes the first administrator.
 * @param {'all' | 'api'} role
 * @returns {ServiceDefinition}
 */
function firstGateway(role) {
  return {
    name: 'gateway',
    app: 'gateway',
    entry: bundledEntry('gateway'),
    wave: 0,
    ports: [],
    stage: STAGES.services,
    scrapeJob: 'wag-gateway',
    url: ({ gateway }) => gateway.url,
    readyPath: '/readyz',
    nodeFlags: GATEWAY_HEAP,
    env: (installation) => ({
      ...gatewayEnvironment(installation),
      HOST: installation.gateway.host,
      PORT: String(installation.gateway.port),
      ROLE: role,
      ADMIN_EMAIL: installation.admin.email,
      ADMIN_PASSWORD: installation.admin.password,
    }),
  };
}

/**
 * Another process of the gateway's software, on a port of its own.
 * @param {string} name
 * @param {'api' | 'jobs'} role
 * @returns {ServiceDefinition}
 */
function furtherGateway(name, role) {
  return {
    name,
    app: 'gateway',
    entry: bundledEntry('gateway'),
    wave: 1,
    ports: [name],
    stage: STAGES.services,
    scrapeJob: 'wag-gateway',
    url: ({ ports }) => `http://${LOOPBACK}:${ports[name]}`,
    readyPath: '/readyz',
    nodeFlags: GATEWAY_HEAP,
    env: (installation) => ({
      ...gatewayEnvironment(installation),
      // The first gateway makes the administrator.
      ADMIN_EMAIL: '',
      ADMIN_PASSWORD: '',
      HOST: LOOPBACK,
      PORT: String(installation.ports[name]),
      ROLE: role,
    }),
  };
}

/**
 * Whether a service answers the same API as the first gateway, on a port of its own.
 * @param {ServiceDefinition} definition
 */
export const isFurtherGateway = ({ name }) => /^gateway-\d+$/.test(name);

/** @param {Installation} installation */
function gatewayEnvironment(installation) {
  return {
    ...shared(installation),
    DEFAULT_NETWORK: installation.env.DEFAULT_NETWORK || 'sandbox',
    // For the page with the phone.
    SANDBOX_PHONES_URL: installation.sandboxUrl,
    // Where no mail server is named, mails are files that people and tests can read.
    MAIL_DIR: installation.env.MAIL_DIR || installation.dataDir.mail,
    // The receiver of the demo, and whatever people try first, listens on this machine.
    WEBHOOK_ALLOW_PRIVATE: installation.env.WEBHOOK_ALLOW_PRIVATE || 'true',
    ...(installation.ffmpegDir && { FFMPEG_DIR: installation.ffmpegDir }),
  };
}

/**
 * @param {string} name
 * @param {'sandbox' | 'live'} network
 * @returns {ServiceDefinition}
 */
function worker(name, network) {
  const url = (/** @type {Installation} */ { ports }) => `http://${LOOPBACK}:${ports[name]}`;
  return {
    name,
    app: 'worker',
    entry: bundledEntry('worker'),
    wave: 1,
    ports: [name],
    stage: STAGES.services,
    scrapeJob: 'wag-worker',
    network,
    url,
    readyPath: '/readyz',
    env: (installation) => ({
      ...shared(installation),
      WORKER_ID: name,
      HOST: LOOPBACK,
      PORT: String(installation.ports[name]),
      WORKER_ENDPOINT: url(installation),
      GATEWAY_URL: installation.gateway.url,
      NETWORK: network,
      MAX_SESSIONS: installation.env.MAX_SESSIONS || '50',
    }),
  };
}

/** @param {Installation} installation */
function shared({ databaseUrl, redisUrl, secrets, sandboxUrl, dataDir, env }) {
  return {
    MEDIA_DIR: env.MEDIA_DIR ? resolve(ROOT, env.MEDIA_DIR) : dataDir.media,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    WAG_MASTER_KEY: secrets.masterKey,
    WORKER_AUTH_TOKEN: secrets.workerToken,
    SANDBOX_URL: sandboxUrl,
  };
}

/**
 * @param {ServiceDefinition} definition
 * @param {Installation} installation
 * @returns {import('./child.mjs').ChildSpec}
 */
export function serviceSpec(definition, installation) {
  const url = definition.url(installation);
  return {
    name: definition.name,
    kind: 'service',
    command: process.execPath,
    args: [...(definition.nodeFlags ?? []), definition.entry],
    cwd: dirname(definition.entry),
    env: {
      ...installation.env,
      NODE_ENV: installation.env.NODE_ENV || 'production',
      LOG_LEVEL: installation.env.LOG_LEVEL || 'info',
      SHUTDOWN_GRACE_MS: String(CHILD_GRACE_MS),
      ...logFiles(definition.name, installation.env),
      ...definition.env(installation),
    },
    logFile: join(installation.dataDir.logs, `${definition.name}.log`),
    url,
    stage: definition.stage,
    stopSignal: 'SIGTERM',
    readyMs: READY_MS,
    isReady: () => isHealthy(url + definition.readyPath),
  };
}

/**
 * Each process needs a folder of its own for its log files; the first gateway has the one that was asked for.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 */
function logFiles(name, { LOG_FILE_PATH: path }) {
  if (!path) return {};
  const folder = resolve(ROOT, path);
  return { LOG_FILE_PATH: name === 'gateway' ? folder : join(folder, name) };
}
