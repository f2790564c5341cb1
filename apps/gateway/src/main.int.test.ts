import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import {
  type AppProcess,
  createTestDatabase,
  freePort,
  startApp,
  type TestDatabase,
  testRedisUrl,
  waitFor,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ENTRY = fileURLToPath(new URL('../bundle/main.js', import.meta.url));

/** Everything that the process is configured with and that nobody may read in its log. */
const SECRETS = {
  WAG_MASTER_KEY: randomBytes(32).toString('base64'),
  WORKER_AUTH_TOKEN: 'join-token-of-the-log-test',
  JWT_SECRET: `${'first-jwt-secret-'.repeat(2)}1,${'older-jwt-secret-'.repeat(2)}2`,
  SESSION_SECRET: 'session-secret-of-the-log-test-which-is-long',
  ADMIN_PASSWORD: 'Zebra-over-42-bridges',
};

let database: TestDatabase;
let gateway: AppProcess;
let url: string;
let metricsUrl: string;
beforeAll(async () => {
  database = await createTestDatabase();
  url = `http://127.0.0.1:${await freePort()}`;
  metricsUrl = `http://127.0.0.1:${await freePort()}/metrics`;
  gateway = await startApp({
    entry: ENTRY,
    healthUrl: `${url}/livez`,
    env: {
      ...SECRETS,
      HOST: '127.0.0.1',
      PORT: new URL(url).port,
      METRICS_PORT: new URL(metricsUrl).port,
      DATABASE_URL: database.url,
      REDIS_URL: testRedisUrl(),
      ADMIN_EMAIL: 'admin@example.test',
      LOG_LEVEL: 'trace',
      // Ignored with a warning: the line to look for.
      BCRYPT_ROUNDS: '12',
    },
  });
});
afterAll(async () => {
  await gateway?.stop('SIGKILL');
  await database?.drop();
});

const post = async (path: string, body: unknown, token?: string) => {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return ((await response.json()) as { data: Record<string, string> }).data;
};

it('a gateway stores its warnings for administrators, counts them, and no secret of its is in its output (MR-134, MR-163)', async () => {
  const stored = async () => {
    const { rows } = await database.pool.query('SELECT service, level, message FROM system_logs');
    return rows.find(({ message }) => message.startsWith('BCRYPT_ROUNDS is ignored'));
  };
  expect(await waitFor(stored)).toMatchObject({ service: 'gateway', level: 'WARN' });
  expect(await (await fetch(metricsUrl)).text()).toMatch(/wag_system_log_lines_total\{.*outcome="stored".*\} [1-9]/);

  const login = await post('/api/auth/login', { email: 'admin@example.test', password: SECRETS.ADMIN_PASSWORD });
  const made = await post('/api/keys', { name: 'Logged', scope: 'workspace' }, login.token);
  // Where URLs and headers with secrets could be logged.
  await fetch(`${url}/api/sessions?apiKey=${made.apiKey}&token=${login.token}`);
  await fetch(`${url}/api/sessions/x`, {
    headers: { authorization: `Bearer ${made.apiKey}`, cookie: `wag_session=${login.token}` },
  });
  await post('/api/auth/refresh', { refreshToken: login.refreshToken });
  await post(
    '/api/admin/workers/register',
    { workerId: 'w', endpoint: 'http://127.0.0.1:9' },
    SECRETS.WORKER_AUTH_TOKEN,
  );

  const secrets = [
    ...Object.values(SECRETS).flatMap((value) => value.split(',')),
    made.apiKey,
    login.token,
    login.refreshToken,
  ];
  expect(secrets.every((secret) => typeof secret === 'string' && secret.length > 8)).toBe(true);
  expect(await gateway.stop()).toBe(0);
  const output = gateway.output();
  const { rows } = await database.pool.query('SELECT message, details FROM system_logs');
  expect(output).toContain('worker');
  for (const secret of secrets) {
    expect(output).not.toContain(secret);
    expect(JSON.stringify(rows)).not.toContain(secret);
  }
});
