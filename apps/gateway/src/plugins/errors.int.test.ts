import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { ERROR_CODES } from '@wa-gate/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRICS_TOKEN, type TestUser } from '../testing/gateway-fixture.ts';
import { useGateway } from '../testing/use-gateway.ts';

const fixture = useGateway({}, { cutsDatabase: true });
let user: TestUser;
beforeAll(async () => {
  user = await fixture.register();
});
afterAll(async () => {
  fixture.databaseLine.set('forward');
});

const login = (options: { payload?: string; headers?: Record<string, string> }) =>
  fixture.app.inject({ method: 'POST', url: '/api/auth/login', ...options } as never);

describe('every refusal has the envelope, a code and a sentence (MR-154, MR-164)', () => {
  it.each([
    ['malformed JSON', '{"email": ', { 'content-type': 'application/json' }, 400, 'INVALID_JSON'],
    ['a raw line break in a string', '{"email": "a\nb"}', { 'content-type': 'application/json' }, 400, 'INVALID_JSON'],
    [
      'JSON that would poison prototypes',
      '{"__proto__": {}}',
      { 'content-type': 'application/json' },
      400,
      'INVALID_JSON',
    ],
    ['no body', '', { 'content-type': 'application/json' }, 400, 'VALIDATION'],
    ['an array', '[]', { 'content-type': 'application/json' }, 400, 'VALIDATION'],
    ['a body of 2 MB', `"${'a'.repeat(2_000_000)}"`, { 'content-type': 'application/json' }, 413, 'BODY_TOO_LARGE'],
    ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['text', 'hello', { 'content-type': 'text/plain' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ])('%s', async (_what, payload, headers, status, code) => {
    const response = await login({ payload, headers });
    const body = response.json();
    expect([response.statusCode, body.code]).toEqual([status, code]);
    expect(body).toMatchObject({ success: false, status: 'error', retryable: false, docs: `/api/errors/${code}` });
    expect(body.error).toMatch(/^[A-Z`].*\.$/);
    expect(body.requestId).toBe(response.headers['x-request-id']);
    expect(response.headers['x-api-version']).toBe('v1');
  });

  it.each(['/nope', '/api/nope', '/api/v1/sessions/a/b/c'])('unknown route %s', async (url) => {
    const { status, body } = await fixture.call('GET', url);
    expect([status, body.code, body.details]).toEqual([404, 'ROUTE_NOT_FOUND', { method: 'GET', path: url }]);
  });

  it.each(['/api/sessions/%', '/api/sessions/%zz/status', `/api/sessions/${'x'.repeat(200)}`])(
    'a URL that the router refuses: %s',
    async (url) => {
      const response = await fixture.app.inject({ method: 'GET', url });
      expect([response.statusCode, response.json().code]).toEqual([400, 'BAD_REQUEST']);
      expect(response.json()).toMatchObject({ success: false, status: 'error', requestId: expect.any(String) });
    },
  );

  it('RFC 9457 for those who accept it', async () => {
    const { status, body, headers } = await fixture.call('GET', '/api/sessions', {
      headers: { accept: 'application/problem+json', 'x-request-id': 'mine' },
    });
    expect([status, headers['content-type']]).toEqual([401, 'application/problem+json']);
    expect(body).toEqual({
      type: '/api/errors/UNAUTHENTICATED',
      title: expect.any(String),
      status: 401,
      detail: expect.any(String),
      instance: '/api/sessions',
      code: 'UNAUTHENTICATED',
      retryable: false,
      requestId: 'mine',
    });
  });

  it('the request id of the caller, unless it could do harm', async () => {
    const idOf = async (id: string) =>
      (await fixture.call('GET', '/nope', { headers: { 'x-request-id': id } })).body.requestId;
    expect(await idOf('order-17:a.b')).toBe('order-17:a.b');
    expect(await idOf('<script>')).toMatch(/^req_/);
    expect(await idOf('a'.repeat(129))).toMatch(/^req_/);
  });

  it('every code that the API can answer is explained', async () => {
    const { body } = await fixture.call('GET', '/api/errors/SESSION_MOVING');
    expect(body.data).toMatchObject({ code: 'SESSION_MOVING', httpStatus: 503, retryable: true });
    const unknown = await fixture.call('GET', '/api/errors/toString');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'ERROR_CODE_NOT_FOUND']);
    const { body: all } = await fixture.call('GET', '/api/errors');
    expect(all.data.map(({ code }: { code: string }) => code)).toEqual(ERROR_CODES);
  });
});

it('a body of 2 MB gets its answer over a real socket too', async () => {
  await fixture.app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((fixture.app.server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    'POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2000000\r\n\r\n',
  );
  socket.write(Buffer.alloc(2_000_000, 'a'));
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  expect(chunk.toString()).toMatch(/^HTTP\/1.1 413/);
  socket.destroy();
});

it('PostgreSQL away is 503 with Retry-After on every route that needs it, and never 500', async () => {
  const needs = [
    ['GET', '/api/sessions', user.token],
    ['GET', '/api/sessions', user.apiKey],
    ['GET', '/api/sessions/none', user.token],
    ['POST', '/api/sessions', user.token, { name: 'x' }],
    ['POST', '/api/auth/login', undefined, { email: user.email, password: 'correct horse' }],
    ['POST', '/api/auth/register', undefined, { email: 'late@example.test', password: 'correct horse' }],
    ['GET', '/api/messages/01900000-0000-7000-8000-000000000000', user.token],
  ] as const;
  fixture.databaseLine.set('refuse');
  for (const [method, url, as, body] of needs) {
    const answer = await fixture.call(method, url, { ...(as && { as }), ...(body && { body }) });
    expect([url, answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([
      url,
      503,
      'DATABASE_UNAVAILABLE',
      '2',
    ]);
  }
  expect((await fixture.call('GET', '/readyz')).status).toBe(503);
  expect((await fixture.call('GET', '/health')).body).toMatchObject({
    status: 'unhealthy',
    services: { database: 'disconnected' },
  });
  expect((await fixture.call('GET', '/livez')).status).toBe(200);
  expect((await fixture.call('GET', '/metrics', { as: METRICS_TOKEN })).status).toBe(200);
  fixture.databaseLine.set('forward');
  expect((await fixture.call('GET', '/api/sessions', { as: user.token })).status).toBe(200);
});
