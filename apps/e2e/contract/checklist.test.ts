import { beforeAll, expect, test } from 'vitest';
import { pairSession, registerTenant, type Tenant, uniqueName } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { administratorOf } from '../security/world/administrator.ts';
import { raiseLimits } from '../security/world/raise-limits.ts';

/**
 * The nine items of the API testing checklist of the PaaS brief, one test each. The details of each are tested
 * elsewhere; this is the whole from outside.
 */
/**
 * The capacity of each worker. A session then weighs a sixth, and the processor adds less than three of them to a
 * score. So six sessions are spread four to two at the most, however busy the machine is.
 */
const PLACES = 6;
const system = useSystem({ workers: 2, maxSessions: PLACES });
let tenant: Tenant;
let administrator: Awaited<ReturnType<typeof administratorOf>>;

beforeAll(async () => {
  administrator = await administratorOf(system());
  tenant = await registerTenant(system());
});

const status = async (credential: string, path: string, call = {}) =>
  (await system().gateway.as(credential).call(path, call)).status;

test('1. user registration and login (MR-186)', async () => {
  const email = `${uniqueName('checklist')}@example.test`;
  const registered = await system().gateway.register(email, 'a long enough password');
  expect(registered.user).toMatchObject({ email, role: 'customer', tier: 'basic' });
  const json = { email, password: 'a long enough password' };
  expect((await system().gateway.call('/api/auth/register', { method: 'POST', json })).status).toBe(409);
  expect((await system().gateway.login(email, json.password)).user.id).toBe(registered.user.id);
  const wrong = await system().gateway.call('/api/auth/login', {
    method: 'POST',
    json: { ...json, password: 'wrong' },
  });
  expect(wrong.status).toBe(401);
});

test('2. JWT generation and validation (MR-186)', async () => {
  const { token } = await system().gateway.login(tenant.email, tenant.password);
  expect(token.split('.')).toHaveLength(3);
  expect(await status(token, '/api/auth/me')).toBe(200);
  const [header, claims, signature] = token.split('.');
  const other = `${signature!.startsWith('A') ? 'B' : 'A'}${signature!.slice(1)}`;
  expect(await status(`${header}.${claims}.${other}`, '/api/auth/me')).toBe(401);
});

test('3. API keys: by every header, revoked at once (MR-053, MR-186)', async () => {
  const json = { name: 'checklist' };
  const { key, apiKey } = await tenant.api.data<{ key: { id: string }; apiKey: string }>('/api/keys', {
    method: 'POST',
    json,
  });
  system().secrets.add(apiKey);
  const calls = [{ authorization: `Bearer ${apiKey}` }, { 'x-api-key': apiKey }];
  const statuses = () =>
    Promise.all(calls.map(async (headers) => (await system().gateway.call('/api/sessions', { headers })).status));
  expect(await statuses()).toEqual([200, 200]);
  expect((await tenant.api.call(`/api/keys/${key.id}`, { method: 'DELETE' })).status).toBe(200);
  expect(await statuses()).toEqual([401, 401]);
});

test('4. sessions: created, seen, renamed, deleted (MR-186)', async () => {
  const sessionId = uniqueName('checklist');
  const created = await tenant.api.createSession({ sessionId, name: 'before' });
  expect(created).toMatchObject({ sessionId, name: 'before', status: 'initializing' });
  expect((await tenant.api.listSessions()).map((session) => session.sessionId)).toContain(sessionId);
  await tenant.api.data(`/api/sessions/${sessionId}`, { method: 'PATCH', json: { name: 'after' } });
  expect(await tenant.api.getSession(sessionId)).toMatchObject({ name: 'after' });
  expect((await tenant.api.call(`/api/sessions/${sessionId}`, { method: 'DELETE' })).status).toBe(200);
  expect((await tenant.api.call(`/api/sessions/${sessionId}`)).status).toBe(404);
});

interface Worker {
  id: string;
  status: string;
  sessionCount: number;
}
const workers = async (): Promise<Worker[]> =>
  (await administrator.api.data<{ workers: Worker[] }>('/api/admin/workers')).workers;

test('5. workers: registered, watched, and seen to be gone (MR-186)', async () => {
  expect((await workers()).map((worker) => worker.status)).toEqual(['online', 'online']);
  const [, second] = system().workers;
  await second!.stop({ signal: 'SIGKILL' });
  const id = second!.spec.env.WORKER_ID;
  await waitFor(async () => (await workers()).find((worker) => worker.id === id)?.status === 'offline', {
    what: 'the worker to be offline',
  });
  await second!.start();
  await waitFor(async () => (await workers()).every((worker) => worker.status === 'online'), {
    what: 'the worker to be back',
  });
});

test('6. load balancing: sessions spread over the workers (MR-186)', async () => {
  const names = Array.from({ length: PLACES }, () => uniqueName('spread'));
  for (const sessionId of names) await tenant.api.createSession({ sessionId });
  const counts = (await workers()).map(({ sessionCount }) => sessionCount);
  expect(Math.max(...counts) - Math.min(...counts), counts.join(' and ')).toBeLessThanOrEqual(2);
  for (const sessionId of names) await tenant.api.call(`/api/sessions/${sessionId}`, { method: 'DELETE' });
});

test('7. rate limits: refused above the limit, in the words of the tier, and not processed (MR-094, MR-186)', async () => {
  const { sessionId, api, phone } = await pairSession(system(), tenant);
  await administrator.api.data('/api/admin/tiers/basic', {
    method: 'PUT',
    json: { maxSessions: 1_000, messagesPerHour: 2 },
  });
  const send = (message: string) =>
    api.send(sessionId, { to: phone.number, type: 'text', message }, { wait: 'queued' });
  const answers = [];
  for (const message of ['one', 'two', 'three']) answers.push(await send(message));
  expect(answers.map((answer) => answer.status)).toEqual([202, 202, 429]);
  expect(answers[2]!.body).toMatchObject({
    code: 'TIER_MESSAGE_LIMIT',
    error: expect.stringContaining('Message limit exceeded. BASIC tier allows 2 messages per hour'),
  });
  expect(Number(answers[2]!.headers['retry-after'])).toBeGreaterThan(0);
  const accepted = (await tenant.api.messages(sessionId)).map(({ text }) => text);
  expect([accepted.length, new Set(accepted)]).toEqual([2, new Set(['one', 'two'])]);
  await raiseLimits(administrator.api);
});

test('8. administration is for administrators (MR-186)', async () => {
  const admin = [
    '/api/admin/users',
    '/api/admin/workers',
    '/api/admin/analytics',
    '/api/admin/sessions',
    '/api/admin/logs',
  ];
  for (const path of admin) {
    const { token } = await system().gateway.login(tenant.email, tenant.password);
    expect(
      [await status(token, path), await status(tenant.apiKey, path), await status(administrator.token, path)],
      path,
    ).toEqual([403, 403, 200]);
    expect((await system().gateway.call(path)).status, path).toBe(401);
  }
});

test('9. errors: one shape, a status that fits, and where to read on (MR-186)', async () => {
  const refusals = await Promise.all([
    tenant.api.call('/api/sessions', { method: 'POST', json: {} }),
    tenant.api.call('/api/sessions', { method: 'POST', raw: '{', headers: { 'content-type': 'application/json' } }),
    system().gateway.call('/api/sessions'),
    tenant.api.call('/api/admin/users'),
    tenant.api.call('/api/sessions/no-such-session'),
    tenant.api.call('/api/no-such-route'),
  ]);
  expect(refusals.map((answer) => answer.status)).toEqual([400, 400, 401, 403, 404, 404]);
  for (const { body } of refusals) {
    const { code, docs } = body as { code: string; docs: string };
    expect(body).toMatchObject({ success: false, error: expect.stringMatching(/\S/), requestId: expect.any(String) });
    expect(docs).toBe(`/api/errors/${code}`);
    expect((await system().gateway.call(docs)).status).toBe(200);
  }
});

expectSoundSystem(system);
