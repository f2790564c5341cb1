import { createFleetProxies, ProxyFormatError } from '@wa-gate/egress';
import { ConfigError, PROCESS_ENVIRONMENT } from '@wa-gate/kit';
import { MEDIA_ENVIRONMENT, mediaConfigOf } from '@wa-gate/media';
import { MEDIA_TOOLS_ENVIRONMENT } from '@wa-gate/media-tools';
import { type Static, Type } from 'typebox';
import { LOG_ENVIRONMENT } from './jobs/maintenance/log-retention.ts';
import { AUTH_ENVIRONMENT } from './modules/auth/index.ts';
import { MAIL_ENVIRONMENT } from './modules/mail/index.ts';
import { NOTICE_ENVIRONMENT } from './modules/notices/index.ts';
import { NETWORK_ENVIRONMENT } from './plugins/transport/environment.ts';

const flag = Type.Boolean({ default: false });

/** The environment of the gateway. An empty variable counts as absent. */
export const ConfigSchema = Type.Object({
  HOST: Type.String({ default: '0.0.0.0' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8000 }),
  /** Of the API; there is one. */
  API_VERSION: Type.Enum(['v1'], { default: 'v1' }),
  /** `api` answers requests, `jobs` delivers webhooks, `all` does both in one process. */
  ROLE: Type.Union([Type.Literal('api'), Type.Literal('jobs'), Type.Literal('all')], { default: 'all' }),
  DATABASE_URL: Type.String({ minLength: 1 }),
  /** Behind a pooler: PostgreSQL itself. */
  DATABASE_DIRECT_URL: Type.Optional(Type.String({ minLength: 1 })),
  REDIS_URL: Type.String({ minLength: 1 }),
  WAG_MASTER_KEY: Type.String({ minLength: 1 }),
  /** Token with which a worker joins. */
  WORKER_AUTH_TOKEN: Type.String({ minLength: 16 }),
  /** Where workers may be: addresses and networks, and the words `loopback` and `private`, separated by commas. */
  WORKER_ENDPOINT_ALLOW: Type.String({ default: 'loopback,private' }),
  /**
   * Milliseconds between two health checks of each worker. The results are logged and counted; no session moves because
   * of them.
   */
  WORKER_HEALTH_CHECK_INTERVAL: Type.Integer({ minimum: 1_000, maximum: 3_600_000, default: 30_000 }),
  /** Milliseconds between two checks of the SQL invariants, by one of all replicas. */
  INVARIANT_CHECK_INTERVAL: Type.Integer({ minimum: 1_000, maximum: 3_600_000, default: 60_000 }),
  /** Control API of a sandbox whose phones administrators drive over this gateway. Unset: there is no way to them. */
  SANDBOX_PHONES_URL: Type.Optional(Type.String({ pattern: '^https?://' })),
  /** Proxies of sessions without one of their own: URLs, separated by commas. As at the workers. */
  EGRESS_PROXIES: Type.Optional(Type.String({ minLength: 1 })),
  /** Proxies that workspaces set may have private addresses. As at the workers. */
  PROXY_ALLOW_PRIVATE: flag,
  /** Where the control API of the sandbox asks for one. */
  SANDBOX_TOKEN: Type.Optional(Type.String({ minLength: 1 })),
  /** Network of sessions that do not name one. */
  DEFAULT_NETWORK: Type.Union([Type.Literal('live'), Type.Literal('sandbox')], { default: 'live' }),
  LB_STRATEGY: Type.Union([Type.Literal('least-loaded'), Type.Literal('round-robin')], { default: 'least-loaded' }),
  ...AUTH_ENVIRONMENT,
  ...MAIL_ENVIRONMENT,
  ...NOTICE_ENVIRONMENT,
  /** Accept `?apiKey=`. Off, because URLs end up in logs. */
  ALLOW_QUERY_API_KEY: flag,
  /** Secrets of webhooks that come without one are derived from this instead of being random. */
  WEBHOOK_SECRET: Type.Optional(Type.String({ minLength: 16 })),
  /** Deliver webhooks to private addresses too. */
  WEBHOOK_ALLOW_PRIVATE: flag,
  ...MEDIA_ENVIRONMENT,
  ...MEDIA_TOOLS_ENVIRONMENT,
  /** Fetch files from private addresses too. */
  MEDIA_URL_ALLOW_PRIVATE: flag,
  ...NETWORK_ENVIRONMENT,
  /** The limit per address, for requests without a valid credential: so many in so many milliseconds. */
  RATE_LIMIT_MAX_REQUESTS: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
  RATE_LIMIT_WINDOW_MS: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 2_678_400_000 })),
  DATABASE_POOL_SIZE: Type.Integer({ minimum: 2, maximum: 200, default: 12 }),
  /** For an orderly end, all of it. */
  SHUTDOWN_GRACE_MS: Type.Integer({ minimum: 100, default: 8_000 }),
  /** The part of it in which everything is still answered, while load balancers are told to go elsewhere. */
  SHUTDOWN_DELAY_MS: Type.Integer({ minimum: 0, maximum: 300_000, default: 0 }),
  ...PROCESS_ENVIRONMENT,
  ...LOG_ENVIRONMENT,
});
export type Config = Readonly<Static<typeof ConfigSchema>>;

/** @throws {ConfigError} for values that do not fit each other */
export function assertConsistent(config: Config): void {
  mediaConfigOf(config);
  assertProxies(config.EGRESS_PROXIES);
  const { SHUTDOWN_DELAY_MS, SHUTDOWN_GRACE_MS } = config;
  if (SHUTDOWN_DELAY_MS < SHUTDOWN_GRACE_MS) return;
  throw new ConfigError(
    `The environment is not valid: SHUTDOWN_DELAY_MS (${SHUTDOWN_DELAY_MS}) must be less than SHUTDOWN_GRACE_MS (${SHUTDOWN_GRACE_MS}), because it is a part of it.`,
  );
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

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of a duration such as `15m` or `7d`; without a unit it is seconds. */
export function durationSeconds(duration: string): number {
  const unit = duration.at(-1)!;
  return Number.parseInt(duration, 10) * (UNIT_SECONDS[unit] ?? 1);
}

/** The origins of a list; `true` for all. */
export function corsOrigins(list: string): string[] | true {
  const origins = list
    .split(',')
    .map((origin) => origin.trim())
    .filter(Boolean);
  return origins.includes('*') ? true : origins;
}
