import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OPERATION_NAMES, OPERATIONS, type OperationName, operationOf } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type CallOptions,
  createGatewayFixture,
  type GatewayFixture,
  JOIN_TOKEN,
  type TestSession,
  type TestUser,
} from './testing/gateway-fixture.ts';
import { routeOf } from './testing/operation-routes.ts';
import type { WorkerStandIn } from './testing/worker-stand-in.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Call = [method: Method, url: string, options: CallOptions];

/** An operation in the description of the API. */
interface Operation {
  'x-audience'?: string;
  security?: unknown[];
  requestBody?: { content: Record<string, { example?: unknown }> };
}

let fixture: GatewayFixture;
let user: TestUser;
let session: TestSession;
let worker: WorkerStandIn;
/** One call of every route that needs PostgreSQL, by its name in the description of the API. */
let calls: Record<string, Call>;

/**
 * Operations that the owner of the session answers while everything else is in memory. The others write into the audit
 * log first; the status of a session is completed from its row.
 */
const ANSWERED_BY_OWNER = OPERATION_NAMES.filter(
  (name) => operationOf(name).audit === undefined && name !== 'sessions.status',
);
/** Calls that need no PostgreSQL: probes, descriptions, the caller's identity, and {@link ANSWERED_BY_OWNER}. */
const WORK_ON = [
  'GET /health',
  'GET /api/health',
  'GET /livez',
  'GET /readyz',
  'GET /api/auth/csrf',
  'GET /api/auth/me',
  'GET /api/errors',
  'GET /api/errors/{code}',
  'GET /api/sessions/{id}/qr/stream',
  // Refused here: they are no WebSockets.
  'GET /api/events/ws',
  'GET /api/sessions/{id}/events/ws',
  ...ANSWERED_BY_OWNER.map(routeOf),
];

beforeAll(async () => {
  fixture = await createGatewayFixture(
    { MAIL_DIR: join(tmpdir(), 'wag-no-mail') },
    { silenceTimeoutMs: 5_000, cutsDatabase: true },
  );
  user = await fixture.register();
  worker = await fixture.startWorker('worker-1');
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
  const admin = await fixture.adminToken();
  const text = { to: '6281234567890', type: 'text', message: 'hello' };
  const sent = await fixture.call('POST', `/api/sessions/${session.slug}/send?wait=queued`, {
    as: session.key,
    body: text,
  });
  const at = `/api/sessions/${session.slug}`;
  const message = `/api/messages/${sent.body.data.messageId}`;
  const registration = { workerId: 'worker-1', endpoint: worker.endpoint };
  const { body } = await fixture.call('POST', '/api/admin/workers/register', { as: JOIN_TOKEN, body: registration });
  const login = { email: user.email, password: 'correct horse' };
  const hook = { url: 'https://example.com/hook', events: ['message.received'] };
  const metrics = { sessionCount: 1, cpuUsage: 1, memoryUsage: 1 };
  const file = { base64: Buffer.from('some text').toString('base64'), fileName: 'some.txt' };
  const stored = await fixture.call('POST', '/api/media', { as: user.token, body: file });
  const signed = await fixture.call('POST', `/api/media/${stored.body.data.mediaId}/url`, { as: user.token, body: {} });
  // Routes for which the example of the description is not enough.
  const special: Record<string, Call> = {
    'DELETE /api/sessions/{id}': ['DELETE', at, { as: user.token }],
    'DELETE /api/sessions/{id}/webhook': ['DELETE', `${at}/webhook`, { as: session.key }],
    'POST /api/media/uploads': [
      'POST',
      '/api/media/uploads',
      { as: user.token, headers: { 'tus-resumable': '1.0.0', 'upload-length': '5' } },
    ],
    'PATCH /api/media/uploads/{id}': [
      'PATCH',
      `/api/media/uploads/${newId()}`,
      {
        as: user.token,
        body: 'bytes',
        headers: { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' },
      },
    ],
    'GET /api/media/{id}/file': ['GET', signed.body.data.url, {}],
    'GET /api/messages/{id}': ['GET', message, { as: session.key }],
    'GET /api/messages/{id}/changes': ['GET', `${message}/changes`, { as: session.key }],
    'GET /api/messages/{id}/receipts': ['GET', `${message}/receipts`, { as: session.key }],
    'GET /api/messages/{id}/timeline': ['GET', `${message}/timeline`, { as: session.key }],
    'GET /api/sessions/{id}': ['GET', at, { as: session.key }],
    'GET /api/sessions/{id}/messages': ['GET', `${at}/messages`, { as: session.key }],
    'GET /api/sessions/{id}/status': ['GET', `${at}/status`, { as: session.key }],
    'GET /api/sessions/{id}/webhook': ['GET', `${at}/webhook`, { as: session.key }],
    'POST /api/admin/workers/register': ['POST', '/api/admin/workers/register', { as: JOIN_TOKEN, body: registration }],
    'POST /api/auth/login': ['POST', '/api/auth/login', { body: login }],
    'POST /api/auth/register': ['POST', '/api/auth/register', { body: { ...login, email: 'new@example.test' } }],
    'POST /api/contacts/import': [
      'POST',
      '/api/contacts/import',
      { as: user.token, body: 'phoneNumber,name\n+4915112345678,Ann\n', headers: { 'content-type': 'text/csv' } },
    ],
    'POST /api/broadcast/{id}/recipients/import': [
      'POST',
      `/api/broadcast/${newId()}/recipients/import`,
      { as: user.token, body: 'phoneNumber,name\n+4915112345678,Ann\n', headers: { 'content-type': 'text/csv' } },
    ],
    'POST /api/opt-outs/import': [
      'POST',
      '/api/opt-outs/import',
      { as: user.token, body: 'phoneNumber\n+4915112345678\n', headers: { 'content-type': 'text/csv' } },
    ],
    'DELETE /api/opt-outs/{recipient}': ['DELETE', '/api/opt-outs/+4915112345678', { as: user.token }],
    'POST /api/messages/schedule': [
      'POST',
      '/api/messages/schedule',
      { as: session.key, body: { ...text, scheduledAt: new Date(Date.now() + 3_600_000).toISOString() } },
    ],
    'POST /api/messages/{id}/media/retry': ['POST', `${message}/media/retry`, { as: session.key }],
    'POST /api/sessions': ['POST', '/api/sessions', { as: user.token, body: { name: 'Another' } }],
    'POST /api/sessions/{id}/logout': ['POST', `${at}/logout`, { as: session.key }],
    'POST /api/sessions/{id}/restart': ['POST', `${at}/restart`, { as: session.key }],
    'POST /api/sessions/{id}/send': ['POST', `${at}/send`, { as: session.key, body: text }],
    'PUT /api/admin/workers/{id}/heartbeat': [
      'PUT',
      '/api/admin/workers/worker-1/heartbeat',
      { as: body.data.token, body: { metrics } },
    ],
    'POST /api/admin/workers/{id}/token': ['POST', '/api/admin/workers/worker-1/token', { as: body.data.token }],
    'PUT /api/sessions/{id}/webhook': ['PUT', `${at}/webhook`, { as: session.key, body: hook }],
  };
  const { workspaceId } = (await fixture.call('GET', '/api/auth/me', { as: user.token })).body.data;
  const urlOf = (path: string): string =>
    path
      .replace('/workspaces/{id}', `/workspaces/${workspaceId}`)
      .replace('/sessions/{id}', `/sessions/${session.slug}`)
      .replace('/workers/{id}', '/workers/worker-1')
      .replace('{tier}', 'pro')
      .replace('{bucket}', 'ip')
      .replace('{lid}', '212345678901234')
      .replace('{channel}', '120363401234567890@newsletter')
      .replace('{serverId}', '117')
      .replace('{group}', '120363025246125486')
      .replace('{community}', '120363025246125487')
      .replace('/group-invites/{code}', '/group-invites/GZ3kq0bW9sH2mXy7TnVdLa')
      .replace(/\{\w+\}/, newId());
  const { paths } = (await fixture.app.describeApi()) as { paths: Record<string, Record<string, Operation>> };
  calls = Object.fromEntries(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([verb, operation]) => {
        const method = verb.toUpperCase() as Method;
        const name = `${method} ${path}`;
        if (WORK_ON.includes(name)) return [];
        const as = operation['x-audience'] === 'administrator' ? admin : user.token;
        const body = operation.requestBody?.content['application/json']?.example;
        const options = { ...(!operation.security && { as }), ...(body !== undefined && { body }) };
        return [[name, special[name] ?? [method, urlOf(path), options]] as const];
      }),
    ),
  );
});
afterEach(() => fixture.databaseLine.set('forward'));
afterAll(() => fixture?.close());

/** Everything that a request could have changed. */
async function everything(): Promise<unknown> {
  const { rows } = await fixture.database.pool.query(
    `SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM sessions) AS sessions, (SELECT count(*) FROM messages) AS messages,
       (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM webhooks) AS webhooks,
       (SELECT count(*) FROM workspaces) AS workspaces, (SELECT count(*) FROM workspace_invitations) AS invitations,
       (SELECT count(*) FROM api_keys WHERE is_active) AS keys, (SELECT count(*) FROM audit_logs) AS audit,
       (SELECT json_agg(w) FROM workers w) AS workers, (SELECT json_agg(l) FROM worker_leases l) AS leases,
       (SELECT json_agg(p) FROM session_placements p) AS placements`,
  );
  return rows[0];
}

/** The method of an operation in the API: calls to the worker are all POST. */
const methodOf = ({ method, url }: WorkerStandIn['calls'][number]): string => {
  const name = url.split('/operations/')[1];
  return OPERATIONS[name as OperationName]?.method ?? method;
};

/** How many calls to the worker change something. */
const changesAsked = (): number => worker.calls.filter((call) => methodOf(call) !== 'GET').length;

const expectUnavailable = (name: string, { status, body, headers }: Answer): void => {
  expect([name, status, body.code, body.retryable], JSON.stringify(body)).toEqual([
    name,
    503,
    'DATABASE_UNAVAILABLE',
    true,
  ]);
  expect(Number(headers['retry-after']), name).toBeGreaterThan(0);
};

describe('PostgreSQL is away', () => {
  it('every operation that needs it answers 503 with Retry-After, also with a warm cache, and changes nothing (MR-176)', async () => {
    // Warms the caches.
    for (const as of [session.key, user.token]) await fixture.call('GET', `/api/sessions/${session.slug}/qr`, { as });
    const before = await everything();
    const asked = changesAsked();
    fixture.databaseLine.set('refuse');
    for (const [name, [method, url, options]] of Object.entries(calls)) {
      expectUnavailable(name, await fixture.call(method, url, options));
    }
    expect((await fixture.call('GET', '/readyz')).status).toBe(503);
    expect((await fixture.call('GET', '/livez')).status).toBe(200);
    fixture.databaseLine.set('forward');
    expect(await everything()).toEqual(before);
    expect(changesAsked()).toBe(asked);
  });

  it('so does a credential that is in no cache', async () => {
    const fresh = await fixture.register();
    fixture.databaseLine.set('refuse');
    expectUnavailable('key', await fixture.call('GET', '/api/sessions', { as: fresh.apiKey }));
    fixture.databaseLine.set('forward');
    expect((await fixture.call('GET', '/api/sessions', { as: fresh.apiKey })).status).toBe(200);
  });

  it('a server that has gone silent is given up in time', async () => {
    fixture.databaseLine.set('stall');
    const answers = await Promise.all(
      ['GET /api/sessions', 'POST /api/sessions/{id}/send', 'POST /api/auth/register'].map(async (name) => {
        const [method, url, options] = calls[name]!;
        return { name, answer: await fixture.call(method, url, options) };
      }),
    );
    for (const { name, answer } of answers) expectUnavailable(name, answer);
  });
});
