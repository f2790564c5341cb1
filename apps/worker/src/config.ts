import { newWorkerId } from '@wa-gate/contracts';
import { createFleetProxies, ProxyFormatError } from '@wa-gate/egress';
import { ConfigError, PROCESS_ENVIRONMENT, readConfig } from '@wa-gate/kit';
import { MEDIA_ENVIRONMENT, mediaConfigOf } from '@wa-gate/media';
import { type Static, Type } from 'typebox';

const url = (description: string) => Type.String({ pattern: '^[a-z]+://', description });

/** The environment of a worker. Other settings are constants or come from the database. */
export const WorkerConfigSchema = Type.Object({
  WORKER_ID: newWorkerId({ description: 'Its name in the fleet.' }),
  HOST: Type.String({ default: '127.0.0.1', description: 'Address of the internal API.' }),
  PORT: Type.Integer({ minimum: 1, maximum: 65_535, default: 8001 }),
  WORKER_ENDPOINT: Type.Optional(url('Where gateways reach the internal API, when that is not http://HOST:PORT.')),
  GATEWAY_URL: url('Where to register.'),
  DATABASE_URL: url('PostgreSQL.'),
  DATABASE_DIRECT_URL: Type.Optional(url('PostgreSQL itself, where DATABASE_URL leads to a pooler.')),
  REDIS_URL: url('Redis.'),
  WAG_MASTER_KEY: Type.String({
    description: '32 bytes in base64, the same in every process. Older keys after commas.',
  }),
  WORKER_AUTH_TOKEN: Type.String({ description: 'The join token.' }),
  NETWORK: Type.Unsafe<'sandbox' | 'live'>({ type: 'string', enum: ['sandbox', 'live'], default: 'sandbox' }),
  SANDBOX_URL: Type.Optional(url('Control API of the sandbox; needed when NETWORK is sandbox.')),
  MAX_SESSIONS: Type.Integer({ minimum: 1, maximum: 10_000, default: 50 }),
  LB_STRATEGY: Type.Unsafe<'least-loaded' | 'round-robin'>({
    type: 'string',
    enum: ['least-loaded', 'round-robin'],
    default: 'least-loaded',
    description: 'How the next worker of a session is chosen; as at the gateways.',
  }),
  ...MEDIA_ENVIRONMENT,
  SHUTDOWN_GRACE_MS: Type.Integer({ minimum: 500, default: 8_000, description: 'For an orderly end, all of it.' }),
  ...PROCESS_ENVIRONMENT,
  EGRESS_PROXIES: Type.Optional(
    Type.String({ description: 'Proxies of sessions without one of their own: URLs, separated by commas.' }),
  ),
  PROXY_ALLOW_PRIVATE: Type.Boolean({
    default: false,
    description: 'Proxies that workspaces set may have private addresses.',
  }),
  DEVICE_NAME: Type.Optional(
    Type.String({ minLength: 1, maxLength: 50, description: 'What phones show among their linked devices.' }),
  ),
  DEVICE_BROWSER: Type.Optional(Type.Enum(['chrome', 'edge', 'firefox', 'opera', 'safari'])),
  WHATSAPP_VERSION: Type.Optional(
    Type.String({
      pattern: '^\\d{1,9}\\.\\d{1,9}\\.\\d{1,10}$',
      description: 'Version of WhatsApp Web that sessions log in with, where administrators have set none.',
    }),
  ),
  REVISION: Type.String({ default: '', description: 'Version of the software, for rollouts.' }),
});

export type WorkerConfig = Readonly<Static<typeof WorkerConfigSchema>>;

/** @throws {ConfigError} */
export function readWorkerConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const config = readConfig(WorkerConfigSchema, env);
  if (config.NETWORK === 'sandbox' && !config.SANDBOX_URL) {
    throw new ConfigError('The environment is not valid: SANDBOX_URL is missing, and NETWORK is sandbox.');
  }
  mediaConfigOf(config);
  assertProxies(config.EGRESS_PROXIES);
  return config;
}

/** @throws {ConfigError} */
function assertProxies(list: string | undefined): void {
  try {
    createFleetProxies(list);
  } catch (error) {
    if (!(error instanceof ProxyFormatError)) throw error;
    throw new ConfigError(`The environment is not valid: EGRESS_PROXIES. ${error.message}`);
  }
}
