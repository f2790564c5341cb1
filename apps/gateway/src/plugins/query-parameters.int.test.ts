import { beforeAll, describe, expect, it } from 'vitest';
import { JOIN_TOKEN, type TestUser } from '../testing/gateway-fixture.ts';
import { useGateway } from '../testing/use-gateway.ts';

interface Operation {
  parameters?: { in: string; name: string }[];
  responses: Record<string, unknown>;
}

const fixture = useGateway();
const open = useGateway({ ALLOW_QUERY_API_KEY: 'true' }, { beside: fixture });
let admin: string;
let user: TestUser;
let workspaceId: string;
let slug: string;
let paths: Record<string, Record<string, Operation>>;
beforeAll(async () => {
  user = await fixture.register();
  admin = await fixture.adminToken();
  workspaceId = (await fixture.call('GET', '/api/auth/me', { as: admin })).body.data.workspaceId;
  await fixture.startWorker('worker-1');
  ({ slug } = await fixture.createSession({ token: admin, apiKey: '', email: '' }));
  ({ paths } = (await fixture.app.describeApi()) as { paths: typeof paths });
});

/** A path whose ids nobody has; workspace and session are the caller's own, so that their guards let them in. */
const pathOf = (template: string): string =>
  template
    .replace('/api/workspaces/{id}', `/api/workspaces/${workspaceId}`)
    .replace('/api/sessions/{id}', `/api/sessions/${slug}`)
    .replace('{tier}', 'basic')
    .replace('{bucket}', 'qr')
    .replaceAll(/\{\w+\}/g, '01900000-0000-7000-8000-000000000000');

const ask = async (method: string, url: string) => {
  const answer = await fixture.app.inject({
    method: method.toUpperCase() as 'GET',
    url,
    headers: { authorization: `Bearer ${url.startsWith('/api/admin/workers/register') ? JOIN_TOKEN : admin}` },
  });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
};

describe('query parameters that a route does not have (MR-154)', () => {
  it('are refused by every operation, which names its own', async () => {
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { parameters = [], responses }] of Object.entries(methods)) {
        if (!responses['400']) continue;
        const known = parameters.filter(({ in: place }) => place === 'query').map(({ name }) => name);
        const { status, body } = await ask(method, `${pathOf(path)}?nonsense=1`);
        expect([method, path, status, body.code]).toEqual([method, path, 400, 'VALIDATION']);
        expect([path, body.details.queryParameters.toSorted()]).toEqual([path, known.toSorted()]);
        expect(body.error).toContain('querystring does not know `nonsense`');
      }
    }
  });

  it.each(['contacts?search=a%00b', 'chats?label=%00', 'chats?search=%00'])('nor is U+0000 text: %s', async (path) => {
    const { status, body } = await ask('GET', `/api/${path}`);
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
    expect(body.error).toContain('must not contain the character U+0000');
  });

  it('are all named, in a sentence that says what there is', async () => {
    const { body } = await ask('GET', '/api/sessions?limt=1&pge=2');
    expect(body.error).toMatch(
      /^The request is not valid: querystring does not know `limt`, `pge`\. The query parameters of this route are `/,
    );
    expect(body.details.issues).toEqual([{ path: 'querystring', message: expect.stringContaining('`limt`, `pge`') }]);
    expect((await ask('GET', '/api/tiers?x=1')).body.error).toBe(
      'The request is not valid: querystring does not know `x`: this route takes no query parameters.',
    );
  });

  it('are no way to fill an answer: names are cut, and few of them are told', async () => {
    const query = Array.from({ length: 200 }, (_, index) => `${'x'.repeat(100)}${index}=1`).join('&');
    const { status, body } = await ask('GET', `/api/sessions?${query}`);
    expect([status, body.error.length < 1_500]).toEqual([400, true]);
  });

  it('cost no word to somebody who may not call the route', async () => {
    expect((await fixture.call('GET', '/api/sessions?nonsense=1')).status).toBe(401);
    expect((await fixture.call('GET', '/api/admin/users?nonsense=1', { as: user.token })).status).toBe(403);
  });

  it('do not make a probe fail', async () => {
    for (const path of ['/livez', '/readyz', '/health', '/api/health']) {
      expect((await fixture.call('GET', `${path}?at=1`)).status, path).toBe(200);
    }
  });

  it('apiKey is one only where a key in the URL is not accepted', async () => {
    const url = `/api/sessions?apiKey=${user.apiKey}`;
    expect((await open.call('GET', url)).status).toBe(200);
    expect((await fixture.call('GET', url)).status).toBe(401);
    const refused = await fixture.call('GET', url, { as: user.token });
    expect([refused.status, refused.body.details.queryParameters.includes('apiKey')]).toEqual([400, false]);
    expect(refused.body.error).not.toContain(user.apiKey);
  });
});

describe('a method that a path does not have (MR-154)', () => {
  /** Of every template that fits: /api/messages/send is also a message with the id `send`. */
  const methodsOf = (path: string): string[] =>
    Object.entries(paths)
      .filter(([template]) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path))
      .flatMap(([, methods]) => Object.keys(methods).map((method) => method.toUpperCase()));
  const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

  it('is 405 on every path, and Allow names the methods that it has', async () => {
    for (const path of Object.keys(paths)) {
      const has = [...new Set(methodsOf(pathOf(path)))];
      const allow = [...has, ...(has.includes('GET') ? ['HEAD'] : [])].sort();
      for (const method of METHODS.filter((one) => !has.includes(one))) {
        const { status, body, headers } = await ask(method, pathOf(path));
        expect([path, method, status, body.code]).toEqual([path, method, 405, 'METHOD_NOT_ALLOWED']);
        expect([path, headers.allow]).toEqual([path, allow.join(', ')]);
        expect(body.details).toEqual({ method, path: pathOf(path), allowed: allow });
      }
    }
  });

  it('is the same under /api/v1, by the name that was asked for', async () => {
    const { status, body, headers } = await ask('DELETE', '/api/v1/sessions?x=1');
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD, POST']);
    expect(body.error).toBe('DELETE is no method of this path. It has GET, HEAD, POST.');
    expect(body.details.path).toBe('/api/v1/sessions');
  });

  it('of a path without any route is 404', async () => {
    expect((await ask('DELETE', '/api/nothing')).body.code).toBe('ROUTE_NOT_FOUND');
    expect((await ask('GET', '/docs/nothing')).body.code).toBe('ROUTE_NOT_FOUND');
  });

  it('counts as a guess where nobody is known', async () => {
    const { headers } = await fixture.call('DELETE', '/api/sessions');
    expect(headers['ratelimit-policy']).toContain('name="ip"');
  });
});
