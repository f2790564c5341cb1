import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { serviceSpec, serviceTable } from './services.mjs';

const installation = {
  dataDir: { path: '/data', logs: '/data/logs', sandbox: '/data/sandbox', mail: '/data/mail', media: '/data/media' },
  secrets: { masterKey: 'KEY', workerToken: 'TOKEN' },
  ports: {
    sandbox: 1001,
    'sandbox-ws': 1002,
    'worker-1': 1003,
    'worker-2': 1004,
    'worker-3': 1006,
    'live-1': 1005,
    'gateway-2': 1007,
    jobs: 1008,
  },
  gateway: { host: '127.0.0.1', port: 8000, url: 'http://127.0.0.1:8000' },
  sandboxUrl: 'http://127.0.0.1:1001',
  databaseUrl: 'postgresql://db',
  redisUrl: 'redis://cache',
  admin: { email: 'admin@example.test', password: 'secret' },
  env: { PORT: '8000', LOG_LEVEL: 'debug' },
} as unknown as Parameters<typeof serviceSpec>[1];

type Options = Partial<Parameters<typeof serviceTable>[0]>;

const specs = (options: Options, env: Record<string, string> = {}) =>
  serviceTable({ live: false, ownSandbox: true, mode: 'standard', ...options }).map((definition) =>
    serviceSpec(definition, { ...installation, env: { ...installation.env, ...env } }),
  );
const byNameOf = (options: Options, env?: Record<string, string>) =>
  Object.fromEntries(specs(options, env).map((spec) => [spec.name, spec.env]));

describe('which services run', () => {
  test.each([
    [{ live: false, ownSandbox: true }, ['sandbox', 'gateway', 'worker-1', 'worker-2']],
    [{ live: false, ownSandbox: false }, ['gateway', 'worker-1', 'worker-2']],
    [{ live: true, ownSandbox: true }, ['sandbox', 'gateway', 'worker-1', 'worker-2', 'live-1']],
  ])('%j', (options, names) => {
    expect(specs(options).map(({ name }) => name)).toEqual(names);
  });
});

test('--dev runs the sources of each app, without its build', () => {
  for (const spec of specs({ dev: true, mode: 'minimal' })) {
    const entry = spec.args.at(-1) ?? '';
    expect(entry).toMatch(/apps\/\w+\/src\/main\.ts$/);
    expect(existsSync(entry)).toBe(true);
    expect(spec.args).toContain('--conditions=@wa-gate/source');
  }
});

describe('the modes (MR-198)', () => {
  test.each([
    ['minimal', ['gateway', 'worker-1']],
    ['standard', ['gateway', 'worker-1', 'worker-2']],
    ['advanced', ['gateway', 'jobs', 'worker-1', 'worker-2']],
    ['enterprise', ['gateway', 'gateway-2', 'jobs', 'worker-1', 'worker-2', 'worker-3']],
  ] as const)('%s runs %j', (mode, names) => {
    expect(specs({ mode, ownSandbox: false }).map(({ name }) => name)).toEqual(names);
  });

  test('--gateways and --workers take the place of the numbers of a mode, and nothing else of it', () => {
    const names = (options: Options) => specs({ ownSandbox: false, ...options }).map(({ name }) => name);
    expect(names({ gateways: 2, workers: 3 })).toEqual(['gateway', 'gateway-2', 'worker-1', 'worker-2', 'worker-3']);
    expect(names({ mode: 'enterprise', workers: 1 })).toEqual(['gateway', 'gateway-2', 'jobs', 'worker-1']);
    const { gateway, 'gateway-2': second } = byNameOf({ gateways: 2 });
    expect([gateway?.ROLE, second?.ROLE]).toEqual(['all', 'api']);
  });

  test('every process of the gateway has its role, its port, the same secrets and mailbox', () => {
    const { gateway, 'gateway-2': second, jobs } = byNameOf({ mode: 'enterprise' });
    expect([gateway?.ROLE, second?.ROLE, jobs?.ROLE]).toEqual(['api', 'api', 'jobs']);
    expect([gateway?.PORT, second?.PORT, jobs?.PORT]).toEqual(['8000', '1007', '1008']);
    for (const env of [gateway, second, jobs]) {
      expect(env).toMatchObject({ WAG_MASTER_KEY: 'KEY', DATABASE_URL: 'postgresql://db', MAIL_DIR: '/data/mail' });
    }
    expect(byNameOf({ mode: 'standard' }).gateway?.ROLE).toBe('all');
  });

  test('the first administrator is told to the first gateway alone', () => {
    const given = { ADMIN_EMAIL: 'a@b.test', ADMIN_PASSWORD: 'x' };
    const { gateway, 'gateway-2': second, jobs } = byNameOf({ mode: 'enterprise' }, given);
    expect(gateway?.ADMIN_PASSWORD).toBe('secret');
    expect([second?.ADMIN_EMAIL, second?.ADMIN_PASSWORD, jobs?.ADMIN_PASSWORD]).toEqual(['', '', '']);
  });

  test('minimal serves no metrics unless they are wanted', () => {
    expect(byNameOf({ mode: 'minimal' }).gateway?.ENABLE_METRICS).toBe('false');
    expect(byNameOf({ mode: 'minimal' }, { ENABLE_METRICS: 'true' })['worker-1']?.ENABLE_METRICS).toBe('true');
    expect(byNameOf({ mode: 'enterprise' }).gateway?.ENABLE_METRICS).toBeUndefined();
  });
});

test('metrics have a port of their own on loopback, whatever HOST is, and --observe serves them in every mode (MR-125)', () => {
  const ports = { ...installation.ports, 'gateway-metrics': 2001, 'worker-1-metrics': 2002 };
  const specOf = (name: string, options: Options) => {
    const definition = serviceTable({ live: false, ownSandbox: true, mode: 'minimal', ...options }).find(
      (one) => one.name === name,
    )!;
    return serviceSpec(definition, { ...installation, ports, gateway: { ...installation.gateway, host: '0.0.0.0' } })
      .env;
  };
  expect(specOf('gateway', { observe: true })).toMatchObject({
    HOST: '0.0.0.0',
    METRICS_HOST: '127.0.0.1',
    METRICS_PORT: '2001',
  });
  expect(specOf('worker-1', { observe: true })).toMatchObject({ METRICS_HOST: '127.0.0.1', METRICS_PORT: '2002' });
  expect(specOf('gateway', { observe: true }).ENABLE_METRICS).toBeUndefined();
  expect(specOf('sandbox', { observe: true })).not.toHaveProperty('METRICS_PORT');
});

test('each process has a folder of its own for its log files, below that of the gateway (MR-178)', () => {
  const logs = byNameOf({ mode: 'enterprise' }, { LOG_FILE_PATH: '/var/log/wa-gate' });
  expect(Object.values(logs).map((env) => env.LOG_FILE_PATH)).toEqual([
    '/var/log/wa-gate/sandbox',
    '/var/log/wa-gate',
    '/var/log/wa-gate/gateway-2',
    '/var/log/wa-gate/jobs',
    '/var/log/wa-gate/worker-1',
    '/var/log/wa-gate/worker-2',
    '/var/log/wa-gate/worker-3',
  ]);
  expect(byNameOf({}, { LOG_FILE_PATH: './logs' }).gateway?.LOG_FILE_PATH).toMatch(/^\/.+\/logs$/);
  expect(byNameOf({}).gateway).not.toHaveProperty('LOG_FILE_PATH');
});

describe('what they are told', () => {
  const byName = Object.fromEntries(specs({ live: true, ownSandbox: true }).map((spec) => [spec.name, spec]));

  test('each worker has a name, an address and a port of its own', () => {
    expect(byName['worker-2']?.env).toMatchObject({
      WORKER_ID: 'worker-2',
      PORT: '1004',
      WORKER_ENDPOINT: 'http://127.0.0.1:1004',
      GATEWAY_URL: 'http://127.0.0.1:8000',
      NETWORK: 'sandbox',
      WORKER_AUTH_TOKEN: 'TOKEN',
      LOG_LEVEL: 'debug',
    });
    expect(byName['live-1']?.env).toMatchObject({ NETWORK: 'live', PORT: '1005' });
  });

  test('only the gateway is told the first administrator', () => {
    const told = Object.values(byName).filter((spec) => 'ADMIN_PASSWORD' in spec.env);
    expect(told.map(({ name }) => name)).toEqual(['gateway']);
  });

  test('the gateway has a local mailbox (MR-174)', () => {
    expect(byName.gateway?.env.MAIL_DIR).toBe('/data/mail');
  });

  test('the sandbox gets no key, no database and no token', () => {
    const told = Object.keys(byName.sandbox?.env ?? {});
    expect(told.filter((name) => /KEY|DATABASE|REDIS|TOKEN/.test(name))).toEqual([]);
  });

  test('all have less time to stop than the launcher gives them', () => {
    for (const spec of Object.values(byName)) expect(spec.env.SHUTDOWN_GRACE_MS).toBe('8000');
  });
});
