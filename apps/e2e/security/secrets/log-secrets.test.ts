import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpCall } from '../../harness/http.ts';
import { registerTenant, uniqueName } from '../../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../../harness/use-system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { fuzzSystem } from '../fuzz/fuzz-system.ts';
import { administratorOf } from '../world/administrator.ts';
import { makeTenantWorld } from '../world/tenant-world.ts';
import { cookieSecrets, secretsIn } from './collect.ts';
import { leaksOf, writtenBy } from './search.ts';

/** At trace everything is logged: a secret that is missing there is in no log. */
const mailbox = mkdtempSync(join(tmpdir(), 'wa-gate-mails-'));
afterAll(() => rmSync(mailbox, { recursive: true }));
const system = useSystem({
  workers: 2,
  maxSessions: 300,
  logLevel: 'trace',
  env: { gateway: { MAIL_DIR: mailbox } },
});
const FUZZ = { seed: 2, requests: 1_500 };

const JSON_TYPE = { 'content-type': 'application/json' };

/** The members of answers that the run needs. */
interface Data {
  token: string;
  refreshToken: string;
  apiKey: string;
  key: { id: string };
  webhook: { id: string };
}

const secrets = () => system().secrets;

/** Sends a request and collects the secrets in it and in its answer. */
async function call(path: string, { as, ...given }: HttpCall & { as?: string } = {}) {
  const api = as === undefined ? system().gateway : system().gateway.as(as);
  const answer = await api.call<{ data?: Data; code?: string }>(path, given);
  for (const secret of [
    ...secretsIn(answer.body),
    ...cookieSecrets(answer.headers['set-cookie']),
    ...secretsIn(given.json),
  ]) {
    secrets().add(secret);
  }
  return answer;
}

const post = (path: string, json: unknown, as?: string) =>
  call(path, { method: 'POST', json, ...(as !== undefined && { as }) });

async function mailTo(email: string, what: RegExp): Promise<string> {
  const find = () => {
    for (const name of readdirSync(mailbox)) {
      // Mails break long lines with "=".
      const text = readFileSync(join(mailbox, name), 'utf8').replaceAll(/=\r?\n/g, '');
      const token = text.includes(email) ? what.exec(text)?.[0] : undefined;
      if (token) return token;
    }
    return undefined;
  };
  const token = await waitFor(find, { what: `a mail to ${email} with ${what}` });
  secrets().add(token);
  return token;
}

beforeAll(async () => {
  const { api } = await administratorOf(system());
  await makeTenantWorld(system(), api, { slug: 'support' });
});

test('accounts: registration, proof of the address, login, cookies, refresh, passwords', async () => {
  const email = `${uniqueName('whole')}@example.test`;
  const password = 'a first password of this person';
  const registered = await post('/api/auth/register', { email, password });
  expect(registered.status).toBe(201);
  await post('/api/auth/verify-email', { token: await mailTo(email, /wag_ve_\w{8}_\w{43}/) });
  const { body } = await post('/api/auth/login', { email, password });
  const { token, refreshToken } = body.data!;
  await call('/api/auth/csrf', { as: token });
  await post('/api/auth/refresh', { refreshToken });
  await post('/api/auth/refresh', { refreshToken });
  await post('/api/auth/login', { email, password: 'a wrong password with a secret in it' });
  await post('/api/auth/forgot-password', { email });
  const reset = await mailTo(email, /wag_rp_\w{8}_\w{43}/);
  const newPassword = 'a second password of this person';
  secrets().add(newPassword).add('a wrong password with a secret in it');
  expect((await post('/api/auth/reset-password', { token: reset, newPassword })).status).toBe(200);
  const again = await post('/api/auth/login', { email, password: newPassword });
  const change = { currentPassword: newPassword, newPassword: 'a third password of this person' };
  secrets().add(change.newPassword);
  expect((await post('/api/auth/password', change, again.body.data!.token)).status).toBe(200);
});

test('keys, sessions, webhooks, pairing', async () => {
  const { api, email, password } = await registerTenant(system());
  const { token } = (await post('/api/auth/login', { email, password })).body.data!;
  const made = await post('/api/keys', { name: 'first' }, token);
  const rotated = await post(`/api/keys/${made.body.data!.key.id}/rotate`, { overlapSeconds: 0 }, token);
  expect(rotated.status).toBe(201);
  await call('/api/limits', { as: made.body.data!.apiKey });
  const sessionId = uniqueName('secret');
  const secret = 'whsec_c2VjcmV0LXRoYXQtYS1jdXN0b21lci1jaG9zZQ==';
  await post(
    '/api/sessions',
    { name: 'x', sessionId, webhook: { url: 'http://127.0.0.1:9/x?key=in-a-webhook-url', secret } },
    token,
  );
  const header = 'a-header-that-a-customer-chose';
  secrets().add(header);
  const further = await post(
    '/api/webhooks',
    {
      url: 'http://127.0.0.1:9/further',
      headers: { 'X-Api-Key': header },
      basicAuth: { username: 'ann', password: 'a password of a receiver' },
    },
    token,
  );
  expect(further.status).toBe(201);
  const { webhook } = further.body.data!;
  expect((await post(`/api/webhooks/${webhook.id}/rotate-secret`, {}, token)).status).toBe(200);
  expect((await post(`/api/webhooks/${webhook.id}/test`, {}, token)).status).toBe(200);
  await waitFor(async () => (await call(`/api/sessions/${sessionId}/qr`, { as: token })).status === 200, {
    what: 'the QR code',
  });
  const code = await post(`/api/sessions/${sessionId}/pairing-code`, { phoneNumber: '+6281234500001' }, token);
  expect(code.status).toBe(200);
  await post(`/api/sessions/${sessionId}/keys`, { name: 'session' }, token);
  expect(
    (
      await api.call(`/api/sessions/${sessionId}?apiKey=${rotated.body.data!.apiKey}`, {
        headers: { authorization: '' },
      })
    ).status,
  ).toBe(401);
});

test('errors: secrets in places where they do not belong', async () => {
  const { apiKey, email, password } = await registerTenant(system());
  for (const path of [
    `/api/${apiKey}`,
    `/api/sessions/${apiKey}`,
    `/api/sessions?search=${apiKey}`,
    `/api/invitations/${apiKey}`,
  ])
    await call(path);
  await call('/api/sessions', {
    headers: { 'user-agent': apiKey, 'x-request-id': apiKey, referer: `https://x/?k=${apiKey}`, cookie: `k=${apiKey}` },
  });
  await call('/api/auth/login', {
    method: 'POST',
    raw: `{"email":"${email}","password":"${password}"`,
    headers: JSON_TYPE,
  });
  // A secret entered in the wrong field.
  await call('/api/auth/login', {
    method: 'POST',
    raw: JSON.stringify({ email: password, password: 'x' }),
    headers: JSON_TYPE,
  });
  await post('/api/auth/register', { email, password, name: apiKey });
  await post('/api/messages/send', { to: apiKey, message: 'x' }, apiKey);
  await post('/api/auth/login', { email, password: { nested: password } });
});

test('workers: registration, change of the token', async () => {
  for (const { spec } of system().workers) secrets().add(spec.env.WORKER_AUTH_TOKEN!);
  const json = { workerId: 'w-secret', endpoint: 'http://127.0.0.1:9', maxSessions: 1 };
  await call('/api/admin/workers/register', {
    method: 'POST',
    json,
    headers: { 'x-worker-token': system().joinToken },
  });
  await call('/api/admin/workers/register', {
    method: 'POST',
    json,
    headers: { authorization: `Bearer ${system().joinToken}x` },
  });
});

test('and a while of fuzzing', async () => {
  const { findings } = await fuzzSystem(system(), FUZZ);
  expect(findings.filter(({ problem }) => problem.startsWith('status 5'))).toEqual([]);
});

test('none of the secrets of all that stands in any log, in any form (MR-163)', async () => {
  const texts = await writtenBy(system());
  expect(texts.find(({ where }) => where === 'audit_logs')!.text.length, 'entries of the audit log').toBeGreaterThan(
    1_000,
  );
  expect(texts.find(({ where }) => where === 'output of gateway-1')!.text, 'lines at trace').toContain('"answered"');
  expect(secrets().size).toBeGreaterThan(60);
  expect(leaksOf(secrets(), texts)).toEqual([]);
});

expectSoundSystem(system);
