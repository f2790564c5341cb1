import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpCall } from '../../harness/http.ts';
import { registerTenant, uniqueName } from '../../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../../harness/use-system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { fuzzSystem } from '../fuzz/fuzz-system.ts';
import { loadDocument } from '../openapi/document.ts';
import { requestFor } from '../walk/requests.ts';
import { askAs } from '../walk/walk.ts';
import { administratorOf } from '../world/administrator.ts';
import { idParametersOf } from '../world/resource-kinds.ts';
import { makeTenantWorld, type TenantWorld } from '../world/tenant-world.ts';
import { cookieSecrets, secretsIn } from './collect.ts';
import { leaksOf, sealedIn, type Text, writtenBy } from './search.ts';

/** At trace everything is logged: a secret that is missing there is in no log. */
const mailbox = mkdtempSync(join(tmpdir(), 'wa-gate-mails-'));
afterAll(() => rmSync(mailbox, { recursive: true }));
const METRICS_TOKEN = 'the token of who scrapes this run';
const system = useSystem({
  workers: 2,
  maxSessions: 300,
  logLevel: 'trace',
  env: { gateway: { MAIL_DIR: mailbox } },
  adapt: async (spec) => ({ ...spec, env: { ...spec.env, METRICS_TOKEN, METRICS_PORT: String(await freePort()) } }),
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
  ticket: string;
}

/** Ids that later tests need. */
const ids = { echo: '' };

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

const SLUG = 'support';
let world: TenantWorld;
let administrator: Awaited<ReturnType<typeof administratorOf>>;
/** The bodies that receivers of webhooks have got. */
const delivered: string[] = [];
/** What a stream has told, with what Baileys emits. */
let streamed = '';

/** A receiver that repeats all that it was sent, and refuses it. */
const echo = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    delivered.push(body);
    response.writeHead(400, { 'x-echo': String(request.headers['x-api-key']) });
    response.end(JSON.stringify({ headers: request.headers, body }));
  });
});

beforeAll(async () => {
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  administrator = await administratorOf(system());
  world = await makeTenantWorld(system(), administrator.api, { slug: SLUG });
});
afterAll(() => {
  echo.closeAllConnections();
  echo.close();
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

test('webhooks whose receiver repeats what it was sent, brokers, a proxy, a ticket for a stream', async () => {
  const owner = world.credentials.owner;
  const planted = {
    header: 'a-header-that-an-echo-repeats',
    password: 'a password that an echo repeats',
    secret: 'whsec_c2VjcmV0LXRoYXQtYW4tZWNoby1yZXBlYXRzISE=',
    broker: 'a-password-of-a-broker',
    service: 'an+access/key+of+a+queue',
    proxy: 'a password of a proxy',
  };
  for (const secret of Object.values(planted)) secrets().add(secret);
  const url = `http://127.0.0.1:${(echo.address() as AddressInfo).port}/`;
  const { header, password, secret, broker } = planted;
  const endpoints = [
    {
      url: `${url}?key=a-key-in-the-address`,
      secret,
      events: ['message.sent', 'message.received'],
      headers: { 'X-Api-Key': header },
      basicAuth: { username: 'ann', password },
    },
    { type: 'rabbitmq', url: `amqp://ann:${broker}@127.0.0.1:9/`, exchange: 'e' },
    { type: 'redis', url: `redis://ann:${broker}@127.0.0.1:9/0` },
    { type: 'nats', url: `nats://ann:${broker}@127.0.0.1:9`, subject: 's' },
    { type: 'sqs', url: 'http://127.0.0.1:9/1/q', region: 'eu-1', accessKeyId: 'A1', secretAccessKey: planted.service },
  ];
  for (const json of endpoints) {
    const { status, body } = await post('/api/webhooks', json, owner);
    expect([status, body.code]).toEqual([201, undefined]);
    const tried = await post(`/api/webhooks/${body.data!.webhook.id}/test`, {}, owner);
    expect(tried.status).toBe(200);
    if (!json.type) ids.echo = body.data!.webhook.id;
  }
  const proxy = { url: 'http://127.0.0.1:9', username: 'ann', password: planted.proxy };
  await call(`/api/sessions/${SLUG}/proxy/test`, { method: 'POST', json: proxy, as: owner });
  const own = world.ids.get('session')![0]!;
  const json = { ...proxy, url: 'http://proxy.example.com:3128', test: false };
  const stored = await call(`/api/sessions/${own}/proxy`, { method: 'PUT', json, as: owner });
  expect([stored.status, stored.body.code]).toEqual([200, undefined]);

  const to = world.ids.get('opt-out')![0]!;
  await call(`/api/sessions/${SLUG}/send?wait=sent`, { method: 'POST', json: { to, message: 'x' }, as: owner });
  const friend = await system().sandbox.createPhone({ name: 'Friend' });
  const sent = await post(`/api/sessions/${SLUG}/send?wait=sent`, { to: friend.number, message: 'x' }, owner);
  expect(sent.status).toBe(200);
  await waitFor(
    async () => {
      const { body } = await call(`/api/webhooks/${ids.echo}/deliveries`, { as: owner });
      return JSON.stringify(body).includes('[removed]');
    },
    { what: 'the answer of the receiver in the log of deliveries' },
  );

  const ticket = (await post('/api/events/tickets', {}, owner)).body.data!;
  const settings = { settings: { engineEvents: true } };
  const changed = await call(`/api/sessions/${SLUG}`, { method: 'PATCH', json: settings, as: owner });
  expect(changed.status).toBe(200);
  const cut = new AbortController();
  const query = `events=engine.event,message.received,message.sent&ticket=${ticket.ticket}`;
  const stream = await fetch(`${system().gateways[0]!.url}/api/events/stream?${query}`, { signal: cut.signal });
  expect(stream.status).toBe(200);
  void (async () => {
    for await (const chunk of stream.body!) streamed += Buffer.from(chunk).toString();
  })().catch(() => undefined);
  const { phoneNumber } = await world.owner.api.data<{ phoneNumber: string }>(`/api/sessions/${SLUG}`);
  const picture = {
    to: phoneNumber.replace('+', ''),
    type: 'image',
    data: Buffer.from('a picture').toString('base64'),
  };
  await waitFor(
    async () => {
      await system().sandbox.send(friend.number, picture);
      return /"engine\.event".*imageMessage/.test(streamed);
    },
    { what: 'a file as Baileys tells it' },
  );
  cut.abort();
  expect(streamed).not.toMatch(/mediaKey|messageSecret|Sha256|"(?:private|secret|token)"/i);
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

/** Answers whose purpose is the secret. */
const SHOWS_SECRETS = /\/(?:qr|csrf)\b/;
const QR_OF_EVENT = /(?<="event":"qr\.generated"[^{}]*"data":\{[^{}]*)"qr":"[^"]*"/g;

test('no answer of a route that reads, and no body of a webhook, shows a secret of what stands (MR-163)', async () => {
  const document = await loadDocument(system().gateways[0]!.url);
  const standing = [...secrets(), ...(await sealedIn(system().services.pool))];
  const texts: Text[] = delivered.map((text) => ({ where: 'a body of a webhook', text }));
  expect(texts.length, 'bodies of webhooks').toBeGreaterThan(1);
  texts.push({ where: 'a stream', text: streamed });
  for (const operation of document.operations) {
    if (operation.method !== 'GET' || operation.streams || SHOWS_SECRETS.test(operation.path)) continue;
    const parameters = idParametersOf(operation).filter(({ in: place }) => place === 'path');
    const kinds = parameters.map(({ kind }) => world.ids.get(kind)?.[0]);
    if (kinds.includes(undefined)) continue;
    const request = requestFor(operation, parameters, ({ kind, name }) =>
      kind === 'webhook' && name === 'id' ? ids.echo : world.ids.get(kind)![0]!,
    );
    for (const [who, credential] of Object.entries({
      owner: world.credentials.owner,
      'session key': world.credentials.sessionKey,
      administrator: administrator.token,
    })) {
      const { status, text } = await askAs(system().gateway.as(credential), 'GET', request.path);
      // What is asked for in the address is known to who asks, and `qr.generated` tells the code.
      const shown = text.replaceAll(request.path, '').replaceAll(QR_OF_EVENT, '');
      if (status === 200) texts.push({ where: `${operation.id} as ${who}`, text: shown });
    }
  }
  expect(texts.length, 'answers').toBeGreaterThan(100);
  expect(leaksOf(standing, texts)).toEqual([]);
});

test('and a while of fuzzing', async () => {
  const { findings } = await fuzzSystem(system(), FUZZ);
  expect(findings.filter(({ problem }) => problem.startsWith('status 5'))).toEqual([]);
});

test('none of the secrets of all that stands in any log or metric, in any form (MR-163)', async () => {
  const texts = await writtenBy(system(), METRICS_TOKEN);
  expect(texts.find(({ where }) => where === 'audit_logs')!.text.length, 'entries of the audit log').toBeGreaterThan(
    1_000,
  );
  expect(texts.find(({ where }) => where === 'output of gateway-1')!.text, 'lines at trace').toContain('"answered"');
  expect(secrets().size).toBeGreaterThan(60);
  expect(texts.find(({ where }) => where === 'metrics of gateway-1')!.text).toContain('wag_webhook');
  expect(leaksOf([...secrets(), ...(await sealedIn(system().services.pool))], texts)).toEqual([]);
});

expectSoundSystem(system);
