import { beforeAll, describe, expect, test } from 'vitest';
import { registerTenant, type Tenant, uniqueName } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';

const FRIEND = 'https://dashboard.example.test';
const system = useSystem({ workers: 0, env: { gateway: { CORS_ORIGIN: FRIEND, TRUST_PROXY: 'true' } } });
let tenant: Tenant;
let cookies: string[];
let session: string;

beforeAll(async () => {
  tenant = await registerTenant(system());
  cookies = await cookiesOf({});
  session = cookies.find((cookie) => cookie.startsWith('wag_session='))!.split(';')[0]!;
});

async function cookiesOf(headers: Record<string, string>): Promise<string[]> {
  const json = { email: tenant.email, password: tenant.password };
  const { headers: answered, body } = await system().gateway.call<{ data: { token: string; refreshToken: string } }>(
    '/api/auth/login',
    { method: 'POST', json, headers },
  );
  system().secrets.add(body.data.token).add(body.data.refreshToken);
  return [answered['set-cookie'] ?? []].flat();
}

const own = () => new URL(system().gateways[0]!.url).origin;
const rename = (headers: Record<string, string>) =>
  system().gateway.call<{ code: string }>('/api/auth/me', {
    method: 'PATCH',
    json: { name: uniqueName('name') },
    headers,
  });

describe('cookies (MR-145)', () => {
  test('are out of reach of scripts and of other sites, and go only where they are needed', () => {
    const [access, refresh] = ['wag_session', 'wag_refresh'].map(
      (name) => cookies.find((cookie) => cookie.startsWith(`${name}=`))!,
    );
    for (const cookie of [access, refresh]) {
      expect(cookie).toMatch(/; HttpOnly/);
      expect(cookie).toMatch(/; SameSite=Strict/);
      expect(cookie).not.toMatch(/; Domain=/i);
    }
    expect(access).toMatch(/; Path=\/api(?:;|$)/);
    expect(refresh).toMatch(/; Path=\/api\/auth\/refresh(?:;|$)/);
  });

  test('are Secure behind HTTPS', async () => {
    for (const cookie of await cookiesOf({ 'x-forwarded-proto': 'https' })) expect(cookie).toMatch(/; Secure/);
  });
});

describe('CSRF (MR-145): a cookie alone changes nothing', () => {
  const csrfToken = async () =>
    (await system().gateway.data<{ csrfToken: string }>('/api/auth/csrf', { headers: { cookie: session } })).csrfToken;

  test('it reads', async () => {
    expect((await system().gateway.call('/api/auth/me', { headers: { cookie: session } })).status).toBe(200);
  });

  test('with the token and from here it writes', async () => {
    const headers = { cookie: session, origin: own(), 'x-csrf-token': await csrfToken() };
    expect((await rename(headers)).status).toBe(200);
  });

  test.each<[string, (token: string) => Record<string, string>]>([
    ['nothing else', () => ({})],
    ['the right origin only', () => ({ origin: own() })],
    ['the token only', (token) => ({ 'x-csrf-token': token })],
    ['the token from another site', (token) => ({ 'x-csrf-token': token, origin: 'https://evil.example' })],
    [
      'the token from a site whose name begins like ours',
      (token) => ({ 'x-csrf-token': token, origin: `${own()}.evil.example` }),
    ],
    ['the token from no site', (token) => ({ 'x-csrf-token': token, origin: 'null' })],
    ['a token that is cut', (token) => ({ 'x-csrf-token': token.slice(0, -1), origin: own() })],
    ['an empty token', () => ({ 'x-csrf-token': '', origin: own() })],
    ['a token that somebody made', () => ({ 'x-csrf-token': 'AAAAAAAAAAAAAAAAAAAAAA.AAAA', origin: own() })],
    [
      'the token in a cookie of its own',
      (token) => ({ 'x-csrf-token': '', origin: own(), cookie: `${session}; csrf=${token}` }),
    ],
  ])('with %s it does not', async (_what, headers) => {
    const { status, body } = await rename({ cookie: session, ...headers(await csrfToken()) });
    expect([status, body.code]).toEqual([403, 'CSRF']);
  });

  test('nor with the token of another login', async () => {
    const other = (await cookiesOf({})).find((cookie) => cookie.startsWith('wag_session='))!.split(';')[0]!;
    const headers = { cookie: other, origin: own(), 'x-csrf-token': await csrfToken() };
    expect((await rename(headers)).status).toBe(403);
  });
});

describe('other sites (MR-159)', () => {
  test.each([
    'https://evil.example',
    'null',
    `${FRIEND}.evil.example`,
    'https://dashboard.example.test.',
    'http://dashboard.example.test',
  ])('a page of %s may not read answers', async (origin) => {
    const { headers } = await system().gateway.call('/api/tiers', { headers: { origin } });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test('a page of the list may', async () => {
    const { headers } = await system().gateway.call('/api/tiers', { headers: { origin: FRIEND } });
    expect(headers['access-control-allow-origin']).toBe(FRIEND);
    expect(headers.vary).toMatch(/origin/i);
  });
});

test.each(['/api/auth/me', '/api/nothing', '/docs', '/health'])(
  '%s has the headers of helmet (MR-158)',
  async (path) => {
    const { headers } = await system().gateway.call(path);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': expect.stringMatching(/DENY|SAMEORIGIN/),
      'content-security-policy': expect.stringContaining("default-src 'self'"),
      'referrer-policy': 'no-referrer',
      'strict-transport-security': expect.stringContaining('max-age='),
    });
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers.server).toBeUndefined();
  },
);

test('answers with secrets are not kept by caches', async () => {
  const { headers } = await tenant.api.call('/api/keys', { method: 'POST', json: { name: 'cached' } });
  expect(headers['cache-control']).toContain('no-store');
});

describe('a key in the URL (MR-144)', () => {
  test('is refused, and the answer says how to send it', async () => {
    const { status, body } = await system().gateway.call<{ code: string; error: string }>(
      `/api/sessions?apiKey=${tenant.apiKey}`,
    );
    expect([status, body.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(body.error).toContain('X-API-Key');
  });
});

expectSoundSystem(system);
