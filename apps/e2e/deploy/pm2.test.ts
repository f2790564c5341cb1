import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Session } from '@wa-gate/contracts';
import { newToken, TOKEN_PREFIX } from '@wa-gate/kit';
import { freePort } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sandboxSpec } from '../harness/app-specs.ts';
import { GatewayClient } from '../harness/gateway-client.ts';
import { HttpClient } from '../harness/http.ts';
import { leaksIn } from '../harness/leaks.ts';
import { ManagedProcess } from '../harness/managed-process.ts';
import { addPhone, type PairedSession, pairSession } from '../harness/pair-session.ts';
import { raiseLimits } from '../harness/raise-limits.ts';
import { repositoryFile } from '../harness/repository.ts';
import { SandboxClient } from '../harness/sandbox-client.ts';
import { prepareServices, type Services } from '../harness/services.ts';
import type { System } from '../harness/system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type Pm2, startPm2 } from './pm2.ts';

/** `deploy/ecosystem.config.cjs` with a real PM2: a private copy with a home of its own. Takes about a minute. */
const FILE = fileURLToPath(repositoryFile('deploy/ecosystem.config.cjs'));
const CLIENTS = 8;
const admin = { email: 'admin@example.test', password: randomBytes(18).toString('base64url') };
const settings = {
  WAG_MASTER_KEY: randomBytes(32).toString('base64'),
  WORKER_AUTH_TOKEN: newToken(TOKEN_PREFIX.workerToken).token,
  ADMIN_EMAIL: admin.email,
  ADMIN_PASSWORD: admin.password,
};

let services: Services;
let folder: string;
let sandbox: ManagedProcess;
let pm2: Pm2;
let url: string;
let session: PairedSession;
/** The parts of a system that the harness needs. */
let system: System;

beforeAll(async () => {
  services = await prepareServices();
  folder = await mkdtemp(join(tmpdir(), 'wa-gate-pm2-'));
  const none = { sandbox: undefined, gateway: undefined, worker: undefined };
  const shared = {
    ...services,
    masterKey: '',
    workerToken: '',
    mediaDir: join(folder, 'media'),
    admin,
    logLevel: 'info',
    overrides: none,
    nodeFlags: none,
  };
  sandbox = new ManagedProcess(await sandboxSpec(shared, join(folder, 'sandbox')), folder);
  await sandbox.start();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  pm2 = await startPm2({
    ...settings,
    DATABASE_URL: services.databaseUrl,
    REDIS_URL: services.redisUrl,
    PORT: String(port),
    WAG_JOBS_PORT: String(await freePort()),
    WAG_WORKER_PORT: String(await freePort()),
    WAG_WORKERS: '1',
    WAG_GATEWAYS: '2',
    // A name that no other run has: doorbells of Redis are shared by its databases.
    WORKER_ID: `pm2-${randomBytes(3).toString('hex')}`,
    WAG_ENV_FILE: '/nowhere',
    MEDIA_DIR: join(folder, 'media'),
    NETWORK: 'sandbox',
    DEFAULT_NETWORK: 'sandbox',
    SANDBOX_URL: sandbox.url,
    WEBHOOK_ALLOW_PRIVATE: 'true',
  });
  const secrets = new Set(Object.values(settings));
  const gateway = new GatewayClient(url, { remember: (secret) => secrets.add(secret) });
  system = { sandbox: new SandboxClient(sandbox.url), gateway, secrets } as Partial<System> as System;
});
afterAll(async () => {
  await pm2?.end();
  await sandbox?.stop();
  await sandbox?.log.close();
  await Promise.all([system?.gateway.close(), system?.sandbox.close()]);
  await services?.release();
  await rm(folder, { recursive: true, force: true });
});
beforeEach((context) => {
  context.onTestFailed(async () => console.error(await logs().catch((error: Error) => error.message)));
});

/** The output of all processes. */
async function logs(): Promise<string> {
  return pm2.call('logs', '--nostream', '--lines', '60');
}
const pids = async (name: string) => (await pm2.list()).filter((one) => one.name === name).map(({ pid }) => pid);
const statusOf = async (): Promise<Session['status']> => (await session.api.getSession(session.sessionId)).status;

test('starts: gateways share a port in cluster mode, jobs and the worker are processes of their own (MR-179)', async () => {
  await pm2.call('start', FILE);
  const running = (await pm2.list()).map(
    ({ name, pm2_env: { exec_mode: mode, status } }) => `${name} ${mode} ${status}`,
  );
  expect(running.sort()).toEqual([
    'gateway cluster_mode online',
    'gateway cluster_mode online',
    'jobs fork_mode online',
    'worker-1 fork_mode online',
  ]);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  await raiseLimits(system.gateway, admin);
  const { token } = await system.gateway.register('pm2@example.test', 'correct horse battery');
  const tenant = { api: system.gateway.as(token), apiKey: '', email: '', password: '' };
  session = await pairSession(system, tenant);
});

test('reload replaces every gateway without one failed request under load (MR-179)', async () => {
  const before = await pids('gateway');
  const friend = await addPhone(system, 'Friend');
  const failures: string[] = [];
  let answered = 0;
  let isOver = false;
  async function customer(index: number): Promise<void> {
    // One connection each, kept open, as libraries do.
    const api = new GatewayClient(new HttpClient(url, { connections: 1 }), { credential: session.apiKey });
    for (let count = 0; !isOver; count += 1) {
      const call =
        index % 2 === 0
          ? api.call(`/api/sessions/${session.sessionId}`)
          : api.send(session.sessionId, { to: friend.number, type: 'text', message: `${index} ${count}` });
      await call.then(
        ({ status }) => {
          if (status >= 400) failures.push(`status ${status}`);
          else answered += 1;
        },
        (error: Error & { code?: string }) => {
          failures.push(error.code ?? error.message);
        },
      );
    }
    await api.close();
  }
  const customers = Array.from({ length: CLIENTS }, (_, index) => customer(index));
  await waitFor(() => answered > 100, { what: 'the load' });
  await pm2.call('reload', FILE, '--only', 'gateway');
  const after = await pids('gateway');
  const atEnd = answered;
  await waitFor(() => answered > atEnd + 100, { what: 'the load afterwards' });
  isOver = true;
  await Promise.all(customers);
  expect(failures).toEqual([]);
  expect(after).toHaveLength(2);
  expect(after.filter((pid) => before.includes(pid))).toEqual([]);
  console.info(`${answered} requests during a reload of two gateways, none failed`);
});

test('a reload of the worker brings its session back without a QR code (MR-179)', async () => {
  const [before] = await pids('worker-1');
  await pm2.call('reload', FILE, '--only', 'worker-1');
  expect(await pids('worker-1')).not.toEqual([before]);
  await waitFor(async () => (await statusOf()) === 'connected', { what: 'the session to be connected again' });
  expect(await system.sandbox.devices(session.phone.number)).toHaveLength(1);
});

test('stop ends all of them in order, and nobody is killed (MR-179)', async () => {
  await pm2.call('stop', 'all');
  for (const { name, pm2_env: state } of await pm2.list()) {
    expect([name, state.status, state.exit_code]).toEqual([name, 'stopped', 0]);
    const output = await readFile(state.pm_out_log_path, 'utf8');
    expect(output, name).toContain('"msg":"stopped"');
    expect(leaksIn(output, system.secrets), name).toEqual([]);
  }
  expect(await system.sandbox.misdeeds()).toMatchObject({ keysReused: 0, overlappingStreams: 0, violations: {} });
});

test.each([
  ['DATABASE_URL is missing. Set it, or DATABASE_URL_FILE, in the environment or in /nowhere.', {}],
  [
    'WAG_GATEWAYS is "two". Give it a number from 1 to 99999.',
    { ...settings, DATABASE_URL: 'x', REDIS_URL: 'y', WAG_GATEWAYS: 'two' },
  ],
])('the file says what is wrong: %s', async (sentence, env) => {
  const reading = promisify(execFile)(process.execPath, ['-e', `require(${JSON.stringify(FILE)})`], {
    env: { WAG_ENV_FILE: '/nowhere', ...env },
  });
  await expect(reading).rejects.toThrow(sentence);
});
