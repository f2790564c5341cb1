import { beforeAll, describe, expect, it } from 'vitest';
import type { TestUser } from '../testing/gateway-fixture.ts';
import { useGateway } from '../testing/use-gateway.ts';

const fixture = useGateway();
let user: TestUser;
beforeAll(async () => {
  user = await fixture.register();
});

const HOST = { host: 'api.example.test' };
const SAME_ORIGIN = { origin: 'http://api.example.test' };
const csrfToken = async (token: string): Promise<string> =>
  (await fixture.call('GET', '/api/auth/csrf', { headers: { cookie: `wag_session=${token}` } })).body.data.csrfToken;

describe('credentials (MR-143, MR-144, MR-149)', () => {
  it('are taken from every place that the API names', async () => {
    const { token, apiKey } = user;
    const places = [
      { authorization: `Bearer ${token}` },
      { authorization: `bearer ${apiKey}` },
      { authorization: apiKey },
      { 'x-api-key': apiKey },
      { cookie: `wag_session=${token}` },
    ];
    for (const headers of places) expect((await fixture.call('GET', '/api/sessions', { headers })).status).toBe(200);
  });

  it('are not taken from the URL unless the operator allows it', async () => {
    expect((await fixture.call('GET', `/api/sessions?apiKey=${user.apiKey}`)).status).toBe(401);
  });

  it.each([
    ['none', {}],
    ['an unknown key', { authorization: 'Bearer wag_test_00000000_0000000000000000000000000000000000000000000' }],
    ['a refresh token', { authorization: 'Bearer wag_rt_00000000_0000000000000000000000000000000000000000000' }],
    ['something else', { authorization: 'Basic YTpi' }],
  ])('that are not valid get 401: %s', async (_what, headers) => {
    const answer = await fixture.call('GET', '/api/sessions', { headers: headers as Record<string, string> });
    expect([answer.status, answer.body.code, answer.headers['www-authenticate']]).toEqual([
      401,
      'UNAUTHENTICATED',
      'Bearer',
    ]);
  });
});

describe('the session cookie (MR-145)', () => {
  const attempt = (headers: Record<string, string>, method: 'PATCH' | 'GET' = 'PATCH') =>
    fixture.call(method, '/api/auth/me', {
      headers: { cookie: `wag_session=${user.token}`, ...HOST, ...headers },
      ...(method === 'PATCH' && { body: { name: 'Changed' } }),
    });

  it('reads without further proof', async () => {
    expect((await attempt({}, 'GET')).status).toBe(200);
  });

  it('changes something only from the same origin and with the token of its login', async () => {
    const good = { 'x-csrf-token': await csrfToken(user.token) };
    expect((await attempt({ ...SAME_ORIGIN, ...good })).status).toBe(200);
    const refusals = [
      {},
      SAME_ORIGIN,
      good,
      { ...good, origin: 'http://evil.example.test' },
      { ...good, origin: 'null' },
      { ...SAME_ORIGIN, 'x-csrf-token': '' },
      { ...SAME_ORIGIN, 'x-csrf-token': '.' },
      { ...SAME_ORIGIN, 'x-csrf-token': `${good['x-csrf-token']}x` },
      { ...SAME_ORIGIN, 'x-csrf-token': `${good['x-csrf-token']}.x` },
    ];
    for (const headers of refusals) {
      const { status, body } = await attempt(headers);
      expect([status, body.code], JSON.stringify(headers)).toEqual([403, 'CSRF']);
    }
  });

  it("takes nobody else's token", async () => {
    const other = await fixture.register();
    const { status } = await attempt({ ...SAME_ORIGIN, 'x-csrf-token': await csrfToken(other.token) });
    expect(status).toBe(403);
  });

  it('is of no use with a key in it', async () => {
    const headers = { cookie: `wag_session=${user.apiKey}`, ...HOST, ...SAME_ORIGIN };
    const { status, body } = await fixture.call('POST', '/api/sessions', { headers, body: { name: 'x' } });
    expect([status, body.code]).toEqual([403, 'CSRF']);
  });
});
