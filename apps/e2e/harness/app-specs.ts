import { freePort } from '@wa-gate/testkit';
import { programOf } from './checkout.ts';
import type { ProcessSpec } from './managed-process.ts';

/** The shared values of the processes of one system. Each is made for this system alone. */
export interface Surroundings {
  databaseUrl: string;
  redisUrl: string;
  masterKey: string;
  workerToken: string;
  /** The folder of the media store of all processes. */
  mediaDir: string;
  admin: { email: string; password: string };
  logLevel: string;
  /** Settings for all processes of one kind, over ours. */
  overrides: { sandbox?: Env | undefined; gateway?: Env | undefined; worker?: Env | undefined };
  nodeFlags: { sandbox?: string[] | undefined; gateway?: string[] | undefined; worker?: string[] | undefined };
}

type Env = Record<string, string>;

const HOST = '127.0.0.1';
const GRACE_MS = '8000';

export async function sandboxSpec(shared: Surroundings, dataDir: string): Promise<ProcessSpec> {
  const control = await freePort();
  const wire = await freePort();
  return {
    name: 'sandbox',
    main: programOf('sandbox'),
    url: `http://${HOST}:${control}`,
    readyPath: '/health',
    nodeFlags: shared.nodeFlags.sandbox ?? [],
    env: {
      SANDBOX_HOST: HOST,
      SANDBOX_PORT: String(control),
      SANDBOX_WS_PORT: String(wire),
      SANDBOX_DATA_DIR: dataDir,
      LOG_LEVEL: shared.logLevel,
      ...shared.overrides.sandbox,
    },
  };
}

export async function gatewaySpec(shared: Surroundings, index: number): Promise<ProcessSpec> {
  const port = await freePort();
  return {
    name: `gateway-${index}`,
    main: programOf('gateway'),
    url: `http://${HOST}:${port}`,
    readyPath: '/readyz',
    // The flags of the launcher.
    nodeFlags: ['--max-old-space-size=320', ...(shared.nodeFlags.gateway ?? [])],
    env: {
      HOST,
      PORT: String(port),
      ROLE: 'all',
      DATABASE_URL: shared.databaseUrl,
      REDIS_URL: shared.redisUrl,
      WAG_MASTER_KEY: shared.masterKey,
      WORKER_AUTH_TOKEN: shared.workerToken,
      DEFAULT_NETWORK: 'sandbox',
      MEDIA_DIR: shared.mediaDir,
      MEDIA_TMP: `${shared.mediaDir}-work`,
      ADMIN_EMAIL: shared.admin.email,
      ADMIN_PASSWORD: shared.admin.password,
      WEBHOOK_ALLOW_PRIVATE: 'true',
      SHUTDOWN_GRACE_MS: GRACE_MS,
      LOG_LEVEL: shared.logLevel,
      ...shared.overrides.gateway,
    },
  };
}

export async function workerSpec(
  shared: Surroundings,
  options: { id: string; index: number; maxSessions: number; gatewayUrl: string; sandboxUrl: string },
): Promise<ProcessSpec> {
  const port = await freePort();
  const url = `http://${HOST}:${port}`;
  return {
    name: `worker-${options.index}`,
    main: programOf('worker'),
    url,
    readyPath: '/readyz',
    nodeFlags: shared.nodeFlags.worker ?? [],
    env: {
      WORKER_ID: options.id,
      HOST,
      PORT: String(port),
      WORKER_ENDPOINT: url,
      GATEWAY_URL: options.gatewayUrl,
      DATABASE_URL: shared.databaseUrl,
      REDIS_URL: shared.redisUrl,
      WAG_MASTER_KEY: shared.masterKey,
      WORKER_AUTH_TOKEN: shared.workerToken,
      NETWORK: 'sandbox',
      SANDBOX_URL: options.sandboxUrl,
      MEDIA_DIR: shared.mediaDir,
      MEDIA_TMP: `${shared.mediaDir}-work`,
      MAX_SESSIONS: String(options.maxSessions),
      SHUTDOWN_GRACE_MS: GRACE_MS,
      LOG_LEVEL: shared.logLevel,
      ...shared.overrides.worker,
    },
  };
}
