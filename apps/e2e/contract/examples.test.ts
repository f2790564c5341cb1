import { afterAll, beforeAll, expect, test } from 'vitest';
import { addPhone, readQr, waitForStatus } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { administratorOf } from '../security/world/administrator.ts';
import { BRIEF_EXAMPLES, type BriefExample, DECIDED_DIFFERENCES, type ExampleName } from './brief-examples.ts';
import { expectAsInBrief } from './compare.ts';
import { openWorkerEndpoint } from './worker-endpoint.ts';

/** In the order of the brief: each example needs the results of earlier ones. */
const system = useSystem({ workers: 1 });
const asked = new Set<ExampleName>();
const credentials = new Map<BriefExample['bearer'], string>();
const SESSION = 'user123-personal';
let endpoint: Awaited<ReturnType<typeof openWorkerEndpoint>>;

beforeAll(async () => {
  credentials.set('admin-jwt-token', (await administratorOf(system())).token);
  credentials.set('worker-token', system().joinToken);
  endpoint = await openWorkerEndpoint(system().gateways[0]!.spec.env.WAG_MASTER_KEY!, 'worker-001');
});
afterAll(() => endpoint?.close());

/** The members of answers that the tests use besides the comparison. */
interface Answer {
  token: string;
  apiKey: string;
  sessions: { phoneNumber: string }[];
  workers: { id: string }[];
  users: unknown[];
  pagination: unknown;
  overview: unknown;
}

interface Change {
  /** Replaces members of the body that only fit the network of the brief. */
  request?: Record<string, unknown>;
  /** Replaces members of the answer that follow from those. */
  path?: string;
}

async function ask(name: ExampleName, { request, path }: Change = {}) {
  asked.add(name);
  const example: BriefExample = BRIEF_EXAMPLES.find((candidate) => candidate.name === name)!;
  const credential = credentials.get(example.bearer);
  const answer = await system().gateway.call<{ data: Answer }>(path ?? example.path, {
    method: example.method,
    headers: credential === undefined ? {} : { authorization: `Bearer ${credential}` },
    ...(example.request && { json: { ...example.request, ...request } }),
  });
  expect(answer.status, `${name}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  expectAsInBrief(name, answer.body, example.response);
  return answer.body.data;
}

test('User Registration (MR-001)', async () => {
  const { token, apiKey } = await ask('User Registration');
  system().secrets.add(token).add(apiKey);
});

test('User Login (MR-002)', async () => {
  const { token } = await ask('User Login');
  credentials.set('jwt-token', token);
  system().secrets.add(token);
});

test('Create Session (MR-006)', async () => {
  const { apiKey } = await ask('Create Session');
  credentials.set('session-api-key', apiKey);
  system().secrets.add(apiKey);
});

test('Get User Sessions, once the phone has scanned (MR-007)', async () => {
  const phone = await system().sandbox.createPhone({ number: '6281234567891', name: 'Owner' });
  const api = system().gateway.as(credentials.get('jwt-token')!);
  await system().sandbox.scan(phone.number, await readQr(system(), api, SESSION));
  await waitForStatus(api, SESSION, 'connected');
  const data = await ask('Get User Sessions');
  expect(data.sessions[0]!.phoneNumber).toBe(`+${phone.number}`);
});

test('Proxy Session Operations, to a number that has WhatsApp (MR-011)', async () => {
  await system().sandbox.createPhone({ number: '6281234567890', name: 'Friend' });
  await ask('Proxy Session Operations', { path: `/api/sessions/${SESSION}/send` });
  await addPhone(system());
});

test('Register Worker and Worker Health Update, with the token that registering gives (MR-015, MR-018)', async () => {
  const { token } = await ask('Register Worker', { request: { endpoint: endpoint.url } });
  system().secrets.add(token);
  credentials.set('worker-token', token);
  await ask('Worker Health Update', { path: '/api/admin/workers/worker-001/heartbeat' });
});

test('Get Workers (MR-017)', async () => {
  const { workers } = await ask('Get Workers');
  expect(workers.map(({ id }) => id)).toContain('worker-001');
});

test('Add Worker (MR-016)', async () => {
  const request = { workerId: 'worker-ext-001', endpoint: 'http://127.0.0.1:9' };
  const data = await ask('Add Worker', { request });
  expect(data).toMatchObject(request);
});

test('Get System Analytics (MR-021)', async () => {
  const { overview } = await ask('Get System Analytics');
  expect(overview).toMatchObject({ totalUsers: 2, totalSessions: 1, totalMessages: 1 });
});

test('Get Users (MR-022, MR-096)', async () => {
  const data = await ask('Get Users', { path: '/api/admin/users?page=1&limit=20&search=user@example' });
  expect(data.users).toMatchObject([{ email: 'user@example.com', role: 'customer', tier: 'basic' }]);
  expect(data.pagination).toEqual({ total: 1, page: 1, limit: 20, totalPages: 1 });
});

test('every example of the brief was asked, and every difference names its row', () => {
  expect([...asked].sort()).toEqual(BRIEF_EXAMPLES.map(({ name }) => name).sort());
  for (const { row } of DECIDED_DIFFERENCES) expect(row).toMatch(/^C\d+$/);
});

expectSoundSystem(system);
