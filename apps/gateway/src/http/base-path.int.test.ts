import { describe, expect, it } from 'vitest';
import { ADMIN } from '../testing/gateway-fixture.ts';
import { useGateway } from '../testing/use-gateway.ts';

const BASE = '/wa';
const fixture = useGateway({ BASE_PATH: BASE, TRUST_PROXY: 'true' });
const redirected = useGateway({ BASE_PATH: BASE, TRUST_PROXY: 'true', REQUIRE_HTTPS: 'true' });

const get = (url: string, headers: Record<string, string> = {}) => fixture.app.inject({ method: 'GET', url, headers });

describe('a gateway below a path of its host (MR-180)', () => {
  it.each(['/wa/api/v1/tiers', '/wa/api/tiers', '/api/tiers', '/wa/livez', '/livez', '/wa/health'])(
    'answers %s: the proxy may cut the path off, and probes come past it',
    async (url) => {
      expect((await get(url)).statusCode).toBe(200);
    },
  );

  it('has no routes beside the path', async () => {
    for (const url of ['/wax/api/tiers', '/wa/wa/api/tiers']) {
      expect((await get(url)).json()).toMatchObject({ code: 'ROUTE_NOT_FOUND', details: { path: url } });
    }
  });

  it('redirects below it', async () => {
    for (const url of ['/wa', '/wa/', '/']) expect((await get(url)).headers.location).toBe('/wa/docs');
    const plain = { host: 'api.example.test', 'x-forwarded-proto': 'http', 'x-forwarded-for': '203.0.113.7' };
    for (const url of ['/wa/api/tiers?x=1', '/api/tiers?x=1']) {
      const { headers } = await redirected.app.inject({ method: 'GET', url, headers: plain });
      expect(headers.location).toBe('https://api.example.test/wa/api/tiers?x=1');
    }
  });

  it('serves the documentation below it, with every file of the page and the address of the API', async () => {
    for (const page of ['/wa/docs', '/wa/docs/']) {
      const { body } = await get(page);
      const files = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
      expect(files.length).toBeGreaterThan(4);
      for (const file of files) {
        const { pathname } = new URL(file, `http://host.example${page}`);
        expect([pathname.startsWith('/wa/docs/'), (await get(pathname)).statusCode], file).toEqual([true, 200]);
      }
    }
    expect((await get('/wa/docs/static/index.html')).headers.location).toBe('/wa/docs/');
    expect((await get('/wa/docs/json')).json().servers).toEqual([{ url: BASE }]);
  });

  it('sets cookies for what is below it, and takes them back there', async () => {
    await fixture.adminToken();
    const login = await fixture.app.inject({ method: 'POST', url: '/wa/api/auth/login', payload: ADMIN });
    expect(login.statusCode).toBe(200);
    expect(login.cookies.map(({ name, path }) => [name, path]).sort()).toEqual([
      ['wag_refresh', '/wa/api/auth/refresh'],
      ['wag_session', '/wa/api'],
    ]);
    const { token } = login.json().data;
    const headers = { authorization: `Bearer ${token}` };
    const logout = await fixture.app.inject({ method: 'POST', url: '/wa/api/auth/logout', headers });
    expect(logout.cookies.map(({ path, expires }) => [path, expires?.getTime()]).sort()).toEqual([
      ['/wa/api', 0],
      ['/wa/api/auth/refresh', 0],
    ]);
  });

  it('names the page of an error below it', async () => {
    const { docs } = (await get('/wa/api/sessions')).json();
    expect(docs).toBe('/wa/api/errors/UNAUTHENTICATED');
    expect((await get(docs)).statusCode).toBe(200);
    const problem = await get('/wa/api/sessions', { accept: 'application/problem+json' });
    expect(problem.json()).toMatchObject({ type: docs, instance: '/wa/api/sessions' });
    // Refused by the router itself, before any route.
    expect((await get('/wa/%zz')).json().docs).toMatch(/^\/wa\/api\/errors\//);
  });
});
