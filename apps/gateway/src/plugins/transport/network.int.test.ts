import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGatewayFixture, type GatewayFixture, JOIN_TOKEN } from '../../testing/gateway-fixture.ts';

let fixture: GatewayFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

const start = async (env: Record<string, string> = {}): Promise<void> => {
  await fixture?.close();
  fixture = await createGatewayFixture(env);
};
const get = (path: string, headers: Record<string, string> = {}) => running().call('GET', path, { headers });
function running(): GatewayFixture {
  if (!fixture) throw new Error('No gateway was started.');
  return fixture;
}
const from = (address: string) => ({ 'x-forwarded-for': address });

describe('addresses (MR-160)', () => {
  it('of the allow list come in, others do not; probes always answer', async () => {
    await start({ TRUST_PROXY: 'true', IP_ALLOW: '10.1.0.0/16, 2001:db8::/32', IP_DENY: '10.1.2.3' });
    const statuses = [];
    for (const address of ['10.1.0.1', '2001:db8::7', '::ffff:10.1.0.9', '10.1.2.3', '10.2.0.1', '::1']) {
      statuses.push((await get('/api/tiers', from(address))).status);
    }
    expect(statuses).toEqual([200, 200, 200, 403, 403, 403]);
    expect((await get('/api/tiers', from('10.1.2.3'))).body).toMatchObject({ success: false, code: 'IP_DENIED' });
    for (const path of ['/livez', '/readyz', '/health']) expect((await get(path, from('10.1.2.3'))).status).toBe(200);
    for (const path of ['/metrics', '/docs/json', '/', '/nowhere']) {
      expect((await get(path, from('10.1.2.3'))).status).toBe(403);
    }
  });

  it('are not what a client says they are', async () => {
    await start({ IP_DENY: '10.1.2.3' });
    expect((await get('/api/tiers', from('10.1.2.3'))).status).toBe(200);
    await start({ TRUST_PROXY: 'true', IP_ALLOW: '10.1.0.0/16' });
    // The client made up the first; the proxy added the last.
    expect((await get('/api/tiers', from('10.1.0.1, 66.6.6.6'))).status).toBe(403);
  });
});

describe('HTTPS (MR-161)', () => {
  it('is insisted on behind a proxy: 308 to read, 403 to change, HSTS', async () => {
    await start({ TRUST_PROXY: 'true', REQUIRE_HTTPS: 'true', HELMET_ENABLED: 'false' });
    const plain = { host: 'api.example.test', 'x-forwarded-proto': 'http', ...from('203.0.113.7') };
    const read = await get('/api/tiers?x=1', plain);
    expect([read.status, read.headers.location]).toEqual([308, 'https://api.example.test/api/tiers?x=1']);
    const change = await running().call('POST', '/api/auth/login', {
      headers: plain,
      body: { email: 'a', password: 'b' },
    });
    expect([change.status, change.body.code]).toEqual([403, 'HTTPS_REQUIRED']);
    const secure = await get('/api/tiers', { ...plain, 'x-forwarded-proto': 'https' });
    expect(secure.status).toBe(200);
    expect(secure.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    // Past the proxy, and so plain.
    expect((await get('/api/tiers')).status).toBe(308);
  });

  it('does not concern probes and workers, who come from inside', async () => {
    await start({ TRUST_PROXY: 'true', REQUIRE_HTTPS: 'true' });
    for (const path of ['/livez', '/readyz', '/health']) expect((await get(path)).status).toBe(200);
    // Without a port or a token of its own it asks for one, and does not send anybody elsewhere.
    expect((await get('/metrics')).status).toBe(401);
    const registration = await running().call('POST', '/api/admin/workers/register', { as: JOIN_TOKEN, body: {} });
    expect([registration.status, registration.body.code]).toEqual([400, 'VALIDATION']);
  });

  it('is not redirected to where a made-up Host header says', async () => {
    await start({ TRUST_PROXY: 'true', REQUIRE_HTTPS: 'true' });
    const { status, headers } = await get('/api/tiers', { host: 'evil.test/@x' });
    expect([status, headers.location]).toEqual([403, undefined]);
  });
});

describe('headers of helmet (MR-158)', () => {
  it.each([
    ['true', 'nosniff'],
    ['false', undefined],
  ])('HELMET_ENABLED=%s: %s', async (value, expected) => {
    await start({ HELMET_ENABLED: value });
    const { headers } = await get('/api/tiers');
    expect(headers['x-content-type-options']).toBe(expected);
  });
});

describe('CORS (MR-159)', () => {
  const preflight = (origin: string) =>
    running().app.inject({
      method: 'OPTIONS',
      url: '/api/sessions',
      headers: { origin, 'access-control-request-method': 'POST' },
    });

  it('is for the origins of the list, with credentials, and shows them the limits', async () => {
    await start({ CORS_ORIGIN: 'https://one.test, https://two.test' });
    for (const origin of ['https://one.test', 'https://two.test']) {
      const { headers } = await preflight(origin);
      expect(headers['access-control-allow-origin']).toBe(origin);
      expect(headers['access-control-allow-credentials']).toBe('true');
    }
    expect((await preflight('https://three.test')).headers['access-control-allow-origin']).toBeUndefined();
    const answer = await get('/api/tiers', { origin: 'https://one.test' });
    for (const header of ['RateLimit-Remaining', 'Upload-Offset', 'Location', 'Content-Disposition']) {
      expect(answer.headers['access-control-expose-headers']).toContain(header);
    }
  });

  it('lets other origins change and delete, and has them remember that', async () => {
    await start({ CORS_ORIGIN: 'https://one.test' });
    const { headers } = await preflight('https://one.test');
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(headers['access-control-allow-methods']).toContain(method);
    }
    expect(headers['access-control-max-age']).toBe('600');
    const byHand = await running().app.inject({ method: 'OPTIONS', url: '/api/sessions' });
    expect(byHand.statusCode).toBe(204);
  });

  it('is for nobody when nothing is said, and for all without credentials with *', async () => {
    await start();
    expect((await preflight('https://one.test')).headers['access-control-allow-origin']).toBeUndefined();
    await start({ CORS_ORIGIN: '*' });
    const { headers } = await preflight('https://one.test');
    expect(headers['access-control-allow-origin']).toBeDefined();
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });
});

describe('bodies', () => {
  let gateway: GatewayFixture;
  beforeAll(async () => {
    gateway = await createGatewayFixture();
  });
  afterAll(() => gateway?.close());

  const post = (payload: string) =>
    gateway.app.inject({
      method: 'POST',
      url: '/api/auth/login',
      headers: { 'content-type': 'application/json' },
      payload,
    });

  it.each([
    ['[', ']', 100_000],
    ['{"a":', '1}', 100_000],
    ['{"email":[', ']}', 40],
  ])('that are nested too deeply are a clear 400: %s', async (open, close, times) => {
    const response = await post(open.repeat(times) + close.repeat(times));
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'INVALID_JSON', details: { maxDepth: 32 } });
    expect(response.json().error).toMatch(/nested too deeply: at most 32/);
  });

  it('that would change a prototype are refused, and change nothing', async () => {
    for (const field of ['"__proto__":{"isAdmin":true}', '"constructor":{"prototype":{"isAdmin":true}}']) {
      const response = await post(`{"email":"a@example.test","password":"x",${field}}`);
      expect([response.statusCode, response.json().code]).toEqual([400, 'INVALID_JSON']);
      expect(response.json().error).toMatch(/field that is not accepted: `__proto__`/);
    }
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    const harmless = await post('{"email":"__proto__","password":"constructor"}');
    expect(harmless.json().code).toBe('INVALID_CREDENTIALS');
    expect((await post('{"email":')).json().error).toMatch(/ends in the middle of its JSON/);
  });

  it('that are too large are 413', async () => {
    const response = await post(`{"email":"${'a'.repeat(1_048_576)}"}`);
    expect([response.statusCode, response.json().code]).toEqual([413, 'BODY_TOO_LARGE']);
  });
});
