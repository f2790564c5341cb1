/**
 * wa-gate under PM2, on one machine: `pm2 start deploy/ecosystem.config.cjs`. docs/operations.md goes through it.
 *
 * Gateways run in cluster mode: they share a port, and `pm2 reload` replaces them one after the other without a refused
 * request. Workers and jobs run in fork mode: each worker has a name and an address of its own.
 *
 * Settings come from the environment and from the file that WAG_ENV_FILE names (default: `/etc/wa-gate/env`); what the
 * environment says wins. docs/configuration.md has every variable. These are read here besides:
 *   WAG_GATEWAYS (2), WAG_WORKERS (2), WAG_NAMESPACE (wa-gate), WAG_WORKER_PORT (8101, the first of them),
 *   WAG_JOBS_PORT (8002)
 */
const { existsSync } = require('node:fs');
const { resolve } = require('node:path');

const { env } = process;
const ENV_FILE = env.WAG_ENV_FILE || '/etc/wa-gate/env';
if (existsSync(ENV_FILE)) process.loadEnvFile(ENV_FILE);

const root = resolve(__dirname, '..');
const LOOPBACK = '127.0.0.1';
/** Milliseconds. For an orderly end; PM2 kills after it and a reserve. */
const GRACE_MS = 20_000;
const RESERVE_MS = 5_000;
/** PM2 ends the process before when the new one is not ready after this time, so it is long. */
const START_MS = 60_000;

/**
 * @param {string} name
 * @param {number} fallback
 */
function number(name, fallback) {
  const text = env[name] || String(fallback);
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`${name} is "${text}". Give it a number from 1 to 99999.`);
  return Number(text);
}

for (const name of ['DATABASE_URL', 'REDIS_URL', 'WAG_MASTER_KEY', 'WORKER_AUTH_TOKEN']) {
  if (!env[name] && !env[`${name}_FILE`]) {
    throw new Error(`${name} is missing. Set it, or ${name}_FILE, in the environment or in ${ENV_FILE}.`);
  }
}

const port = number('PORT', 8_000);
const jobsPort = number('WAG_JOBS_PORT', 8_002);
const firstWorkerPort = number('WAG_WORKER_PORT', 8_101);
const network = env.NETWORK || 'live';

const common = {
  namespace: env.WAG_NAMESPACE || 'wa-gate',
  cwd: root,
  // Ready: `process.send('ready')`, after the port is open.
  wait_ready: true,
  listen_timeout: START_MS,
  // PM2 sends SIGINT; the processes take it as SIGTERM.
  kill_timeout: GRACE_MS + RESERVE_MS,
  // A process that cannot start has written a sentence about it, and does not start better a moment later.
  exp_backoff_restart_delay: 500,
  max_restarts: 100,
  merge_logs: true,
  time: false,
};
/** What all of them are told; the rest of the environment comes with it. */
const settings = {
  NODE_ENV: 'production',
  SHUTDOWN_GRACE_MS: String(GRACE_MS),
  // One folder for all of them.
  MEDIA_DIR: resolve(root, env.MEDIA_DIR || '.wa-gate/media'),
};

const worker = (index) => ({
  ...common,
  name: `worker-${index + 1}`,
  script: 'apps/worker/bundle/main.js',
  exec_mode: 'fork',
  instances: 1,
  env: {
    ...settings,
    WORKER_ID: env.WORKER_ID ? `${env.WORKER_ID}-${index + 1}` : `worker-${index + 1}`,
    HOST: LOOPBACK,
    PORT: String(firstWorkerPort + index),
    WORKER_ENDPOINT: `http://${LOOPBACK}:${firstWorkerPort + index}`,
    GATEWAY_URL: env.GATEWAY_URL || `http://${LOOPBACK}:${port}`,
    NETWORK: network,
  },
});

module.exports = {
  apps: [
    {
      ...common,
      name: 'gateway',
      script: 'apps/gateway/bundle/main.js',
      node_args: '--max-old-space-size=320',
      exec_mode: 'cluster',
      instances: number('WAG_GATEWAYS', 2),
      env: {
        ...settings,
        ROLE: 'api',
        HOST: env.HOST || LOOPBACK,
        PORT: String(port),
        // Connections go over to the new process, one by one, before this one stops listening.
        SHUTDOWN_DELAY_MS: '2000',
      },
    },
    {
      ...common,
      name: 'jobs',
      script: 'apps/gateway/bundle/main.js',
      node_args: '--max-old-space-size=320',
      exec_mode: 'fork',
      instances: 1,
      env: { ...settings, ROLE: 'jobs', HOST: LOOPBACK, PORT: String(jobsPort) },
    },
    ...Array.from({ length: number('WAG_WORKERS', 2) }, (_, index) => worker(index)),
  ],
};
