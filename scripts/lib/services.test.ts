import { describe, expect, test } from 'vitest';
import { serviceSpec, serviceTable } from './services.mjs';

const installation = {
  dataDir: { path: '/data', logs: '/data/logs', sandbox: '/data/sandbox', mail: '/data/mail' },
  secrets: { masterKey: 'KEY', workerToken: 'TOKEN' },
  ports: { sandbox: 1001, 'sandbox-ws': 1002, 'worker-1': 1003, 'worker-2': 1004, 'live-1': 1005 },
  gateway: { host: '127.0.0.1', port: 8000, url: 'http://127.0.0.1:8000' },
  sandboxUrl: 'http://127.0.0.1:1001',
  databaseUrl: 'postgresql://db',
  redisUrl: 'redis://cache',
  admin: { email: 'admin@example.test', password: 'secret' },
  env: { PORT: '8000', LOG_LEVEL: 'debug' },
} as unknown as Parameters<typeof serviceSpec>[1];

const specs = (options: Parameters<typeof serviceTable>[0]) =>
  serviceTable(options).map((definition) => serviceSpec(definition, installation));

describe('which services run', () => {
  test.each([
    [{ live: false, ownSandbox: true }, ['sandbox', 'gateway', 'worker-1', 'worker-2']],
    [{ live: false, ownSandbox: false }, ['gateway', 'worker-1', 'worker-2']],
    [{ live: true, ownSandbox: true }, ['sandbox', 'gateway', 'worker-1', 'worker-2', 'live-1']],
  ])('%j', (options, names) => {
    expect(specs(options).map(({ name }) => name)).toEqual(names);
  });
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
