import { beforeAll, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../testing/gateway-fixture.ts';
import { useGateway } from '../testing/use-gateway.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;
beforeAll(async () => {
  await fixture.startWorker('worker-1');
  user = await fixture.register();
  session = await fixture.createSession(user);
});

const get = (url: string, headers: Record<string, string> = {}) =>
  fixture.call('GET', url, { as: user.token, headers });

it.each(['/api/v1', '/%61pi/v1', '/api/%76%31'])(
  '%s is the same as /api, with path and query (MR-168)',
  async (base) => {
    const path = `/sessions/${session.slug}/messages?limit=1`;
    const [ours, alias] = [await get(`/api${path}`), await get(`${base}${path}`)];
    expect([alias.status, alias.body]).toEqual([200, ours.body]);
  },
);

it('changes something by the alias, and writes the same line into the audit log', async () => {
  const change = (base: string) =>
    fixture.call('PATCH', `${base}/sessions/${session.slug}`, { as: user.token, body: { name: base } });
  const actions = async () => {
    const { rows } = await fixture.database.pool.query<{ action: string }>('SELECT action FROM audit_logs ORDER BY id');
    return rows.map(({ action }) => action);
  };
  const before = (await actions()).length;
  expect((await change('/api')).status).toBe(200);
  expect((await change('/api/v1')).status).toBe(200);
  expect((await actions()).slice(before)).toEqual(['session.updated', 'session.updated']);
});

it('counts in the same buckets', async () => {
  const used = async (): Promise<number> => {
    const { body } = await get('/api/limits');
    return body.data.buckets.find(({ bucket }: { bucket: string }) => bucket === 'session_operations').used;
  };
  const before = await used();
  await fixture.call('POST', `/api/sessions/${session.slug}/restart`, { as: user.token });
  expect(await used()).toBe(before + 1);
  await fixture.call('POST', `/api/v1/sessions/${session.slug}/restart`, { as: user.token });
  expect(await used()).toBe(before + 2);
});

it.each(['/api/v1/nope', '/api/v10/sessions', '/api/v1x', '/api/v1/v1/sessions', '/api%2Fv1/sessions'])(
  '%s is no route, and is called by its own name',
  async (url) => {
    const { status, body } = await get(url);
    expect([status, body.code, body.details]).toEqual([404, 'ROUTE_NOT_FOUND', { method: 'GET', path: url }]);
  },
);

it('names the path that was asked for in a problem', async () => {
  const accept = { accept: 'application/problem+json' };
  const { raw } = await get('/api/v1/sessions/nobody?x=1', accept);
  expect(JSON.parse(raw.toString())).toMatchObject({ instance: '/api/v1/sessions/nobody' });
});

it('is described once', async () => {
  const { body } = await get('/docs/json');
  expect(Object.keys(body.paths).filter((path) => path.startsWith('/api/v1'))).toEqual([]);
  expect(Object.keys(body.paths)).toContain('/api/sessions/{id}/status');
});
