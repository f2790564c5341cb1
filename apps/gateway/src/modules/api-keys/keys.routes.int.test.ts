import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGatewayFixture, type TestSession, type TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway({ TRUST_PROXY: 'true' });
let user: TestUser;
beforeAll(async () => {
  await fixture.startWorker('worker-001');
});
beforeEach(async () => {
  user = await fixture.register();
});

const make = (as: string, body: Record<string, unknown> = {}, url = '/api/keys') =>
  fixture.call('POST', url, { as, body: { name: 'Test', ...body } });
const list = async (as: string, url = '/api/keys') => (await fixture.call('GET', url, { as })).body.data.keys;
/** Whether a key is taken, by what it may at least. */
const works = async (key: string, headers: Record<string, string> = {}) =>
  (await fixture.call('GET', '/api/sessions', { as: key, headers })).status;
const auditOf = async (id: string) =>
  (
    await fixture.database.pool.query(
      'SELECT action, actor_kind, before, after FROM audit_logs WHERE resource_id = $1 ORDER BY id',
      [id],
    )
  ).rows;

describe('making keys (MR-053, MR-144)', () => {
  it('gives a token once, and shows the rest in the list', async () => {
    const { status, body, headers } = await make(user.token, { role: 'OPERATOR', permissions: ['messages.send'] });
    expect([status, headers['cache-control']]).toEqual([201, 'no-store']);
    expect(body.data.apiKey).toMatch(/^wag_test_/);
    expect(body.data.key).toMatchObject({
      scope: 'workspace',
      sessionId: null,
      role: 'operator',
      permissions: ['messages.send'],
      status: 'active',
      isPrimary: false,
      createdBy: { email: user.email },
    });
    const listed = await fixture.call('GET', '/api/keys', { as: user.token });
    expect(listed.body.data.keys[0]).toEqual(body.data.key);
    expect(listed.body.data.pagination).toEqual({ total: 2, page: 1, limit: 50, totalPages: 1 });
    expect(listed.raw.toString()).not.toContain(body.data.apiKey.split('_')[3]);
    expect((await fixture.call('GET', `/api/keys/${body.data.key.id}`, { as: user.token })).body.data.key).toEqual(
      body.data.key,
    );
    expect(await auditOf(body.data.key.id)).toMatchObject([{ action: 'key.created', actor_kind: 'user' }]);
  });

  it('several for a session, which reach this session only', async () => {
    const [one, other] = [await fixture.createSession(user), await fixture.createSession(user)];
    const made = await make(user.token, { role: 'viewer' }, `/api/sessions/${one.slug}/keys`);
    expect(made.body.data.key).toMatchObject({ scope: 'session', sessionId: one.slug, isPrimary: false });
    const again = await make(user.token, { sessionId: one.slug });
    expect(again.body.data.key).toMatchObject({ scope: 'session', sessionId: one.slug });
    const keys = await list(user.token, `/api/sessions/${one.slug}/keys`);
    expect(keys.map((key: { isPrimary: boolean }) => key.isPrimary)).toEqual([false, false, true]);
    const as = made.body.data.apiKey;
    expect((await fixture.call('GET', `/api/sessions/${one.slug}`, { as })).status).toBe(200);
    expect((await fixture.call('GET', `/api/sessions/${other.slug}`, { as })).status).toBe(404);
    expect((await fixture.call('GET', '/api/keys', { as })).status).toBe(403);
  });

  it('may do what its permissions say, and nothing else of its role', async () => {
    const session = await fixture.createSession(user);
    const { body } = await make(user.token, { permissions: ['messages.send'] });
    expect(await works(body.data.apiKey)).toBe(403);
    const sent = await fixture.call('POST', `/api/sessions/${session.slug}/send`, {
      as: body.data.apiKey,
      body: { to: '+6281234567890', message: 'x' },
    });
    expect([sent.status, sent.body.code]).toEqual([409, 'SESSION_NOT_CONNECTED']);
  });

  it('cannot be used to make better ones', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const weak = await make(user.token, {
      permissions: ['system.manage', 'logs.view'],
      expiresAt,
      allowedIps: ['127.0.0.0/8'],
    });
    const as = weak.body.data.apiKey;
    for (const more of [
      { permissions: [] },
      { permissions: ['messages.send'] },
      { expiresAt: null },
      { allowedIps: [] },
      { allowedIps: ['0.0.0.0/0'] },
      { scope: 'admin' },
    ]) {
      const { status, body } = await make(as, more);
      expect([JSON.stringify(more), status, body.code]).toEqual([JSON.stringify(more), 403, 'FORBIDDEN']);
    }
    const { body } = await make(as);
    expect(body.data.key).toMatchObject({
      permissions: ['system.manage', 'logs.view'],
      allowedIps: ['127.0.0.0/8'],
      expiresAt,
    });
    // Nor may it take over a better one by rotating it, nor make itself one.
    const [strong] = (await list(user.token, '/api/keys')).filter((key: { name: string }) => key.name !== 'Test');
    expect((await fixture.call('POST', `/api/keys/${strong.id}/rotate`, { as, body: {} })).status).toBe(403);
    const self = `/api/keys/${weak.body.data.key.id}`;
    expect((await fixture.call('PATCH', self, { as, body: { permissions: [] } })).status).toBe(403);
    expect((await fixture.call('PATCH', self, { as, body: { name: 'Renamed' } })).status).toBe(200);
  });

  it('of the administration are made by administrators only, and seen by nobody else', async () => {
    expect((await make(user.token, { scope: 'admin' })).status).toBe(403);
    const administrator = await fixture.adminToken();
    const { body } = await make(administrator, { scope: 'admin' });
    const workers = (as: string) => fixture.call('GET', '/api/admin/workers', { as });
    expect((await workers(body.data.apiKey)).status).toBe(200);
    const workspaceKey = (await make(administrator)).body.data.apiKey;
    expect((await workers(workspaceKey)).status).toBe(403);
    const seen = (await list(workspaceKey)).map((key: { scope: string }) => key.scope);
    expect(seen).not.toContain('admin');
    const hidden = await fixture.call('GET', `/api/keys/${body.data.key.id}`, { as: workspaceKey });
    expect([hidden.status, hidden.body.code]).toEqual([404, 'KEY_NOT_FOUND']);
  });

  it.each([
    ['an address that is none', { allowedIps: ['10.0.0.0/33'] }],
    ['a past end', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['a scope without its session', { scope: 'session' }],
    ['a role that is none', { role: 'king' }],
    ['a permission that is none', { permissions: ['everything'] }],
    ['half an emoji in the name', { name: '\ud83d' }],
    ['an unknown field', { isPrimary: true }],
  ])('refuses %s', async (_what, body) => {
    const answer = await make(user.token, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION']);
  });
});

it('for a session that is deleted at the same moment, and still remembered here, is the 404 that comes a moment later', async () => {
  const session = await fixture.createSession(user);
  const url = `/api/sessions/${session.slug}/keys`;
  expect((await make(user.token, {}, url)).status).toBe(201);
  await fixture.database.pool.query('DELETE FROM sessions WHERE id = $1', [session.id]);
  const { status, body } = await make(user.token, {}, url);
  expect([status, body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
});

describe('where a key may be used from (MR-144)', () => {
  it('is 403 IP_DENIED from elsewhere', async () => {
    const { body } = await make(user.token, { allowedIps: ['203.0.113.0/24', '2001:db8::/32'] });
    const from = (ip: string) => works(body.data.apiKey, { 'x-forwarded-for': ip });
    expect([await from('203.0.113.9'), await from('2001:db8::1'), await from('::ffff:203.0.113.9')]).toEqual([
      200, 200, 200,
    ]);
    const denied = await fixture.call('GET', '/api/sessions', {
      as: body.data.apiKey,
      headers: { 'x-forwarded-for': '198.51.100.1' },
    });
    expect([denied.status, denied.body.code]).toEqual([403, 'IP_DENIED']);
    await fixture.call('PATCH', `/api/keys/${body.data.key.id}`, { as: user.token, body: { allowedIps: [] } });
    expect(await from('198.51.100.1')).toBe(200);
  });
});

describe('changing and revoking keys (MR-149)', () => {
  it('is in force at once, and in the audit log with what changed', async () => {
    const { key, apiKey } = (await make(user.token)).body.data;
    expect(await works(apiKey)).toBe(200);
    const changed = await fixture.call('PATCH', `/api/keys/${key.id}`, {
      as: user.token,
      body: { role: 'viewer', name: 'Reader' },
    });
    expect(changed.body.data.key).toMatchObject({ role: 'viewer', name: 'Reader' });
    expect((await make(apiKey)).status).toBe(403);
    const revoked = await fixture.call('DELETE', `/api/keys/${key.id}`, { as: user.token });
    expect(revoked.body.data.key.status).toBe('revoked');
    expect(await works(apiKey)).toBe(401);
    expect((await fixture.call('DELETE', `/api/keys/${key.id}`, { as: user.token })).body).toEqual({
      ...revoked.body,
    });
    expect((await fixture.call('PATCH', `/api/keys/${key.id}`, { as: user.token, body: {} })).body.code).toBe(
      'KEY_ENDED',
    );
    expect((await list(user.token)).map(({ id }: { id: string }) => id)).not.toContain(key.id);
    expect((await list(user.token, '/api/keys?includeEnded=true')).map(({ id }: { id: string }) => id)).toContain(
      key.id,
    );
    await fixture.call('PATCH', `/api/keys/${key.id}`, { as: user.token, body: { role: 'viewer' } });
    const trail = await auditOf(key.id);
    expect(trail.map(({ action }) => action)).toEqual(['key.created', 'key.updated', 'key.revoked']);
    expect(trail[1]).toMatchObject({
      before: { role: 'owner', name: 'Test' },
      after: { role: 'viewer', name: 'Reader' },
    });
  });

  it('rotates: the new one at once, the old one until the overlap is over', async () => {
    const session: TestSession = await fixture.createSession(user);
    const [primary] = await list(user.token, `/api/sessions/${session.slug}/keys`);
    const rotate = (id: string, body?: Record<string, unknown>) =>
      fixture.call('POST', `/api/keys/${id}/rotate`, { as: user.token, ...(body && { body }) });
    // Without a body: a day.
    const first = await rotate(primary.id);
    expect(first.status).toBe(201);
    const { key, apiKey, previous } = first.body.data;
    expect(key).toMatchObject({ isPrimary: true, sessionId: session.slug, role: 'owner', scope: 'session' });
    expect(previous).toMatchObject({ isPrimary: false, status: 'active', rotatedToId: key.id });
    const left = Date.parse(previous.expiresAt) - Date.now();
    expect(left).toBeGreaterThan(86_000_000);
    expect(left).toBeLessThanOrEqual(86_400_000);
    expect([await works(session.key), await works(apiKey)]).toEqual([200, 200]);
    expect((await rotate(primary.id, {})).body.code).toBe('KEY_ENDED');
    // 0: now.
    const second = (await rotate(key.id, { overlapSeconds: 0 })).body.data;
    expect(second.previous.status).toBe('revoked');
    expect([await works(apiKey), await works(second.apiKey), await works(session.key)]).toEqual([401, 200, 200]);
    expect((await auditOf(key.id)).map(({ action }) => action)).toEqual(['key.rotated']);
  });

  it('makes one of two rotations at the same time', async () => {
    const { key } = (await make(user.token)).body.data;
    const answers = await Promise.all(
      [1, 2].map(() => fixture.call('POST', `/api/keys/${key.id}/rotate`, { as: user.token, body: {} })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
  });

  it('gives the new one as long a life as the old one was given', async () => {
    const expiresAt = new Date(Date.now() + 100_000).toISOString();
    const { key } = (await make(user.token, { expiresAt })).body.data;
    const { body } = await fixture.call('POST', `/api/keys/${key.id}/rotate`, { as: user.token, body: {} });
    expect(Date.parse(body.data.key.expiresAt)).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    expect(body.data.previous.expiresAt).toBe(expiresAt);
  });
});

describe('for strangers keys are as if they were not there', () => {
  it('answers the same 404 to them as for what does not exist', async () => {
    const stranger = await fixture.register();
    const session = await fixture.createSession(user);
    const { key } = (await make(user.token)).body.data;
    const facts = async (method: 'GET' | 'PATCH' | 'DELETE' | 'POST', url: string, body?: unknown) => {
      const answer = await fixture.call(method, url, { as: stranger.token, ...(body !== undefined && { body }) });
      return { ...answer.body, status: answer.status, requestId: '' };
    };
    const nobody = '00000000-0000-7000-8000-000000000000';
    for (const [method, path, body] of [
      ['GET', ''],
      ['PATCH', '', { name: 'Mine' }],
      ['DELETE', ''],
      ['POST', '/rotate', {}],
    ] as const) {
      const theirs = await facts(method, `/api/keys/${key.id}${path}`, body);
      expect([method, theirs.status]).toEqual([method, 404]);
      expect(theirs).toEqual(await facts(method, `/api/keys/${nobody}${path}`, body));
      expect(theirs).toEqual(await facts(method, `/api/keys/none${path}`, body));
    }
    for (const [method, body] of [['GET'], ['POST', { name: 'Mine' }]] as const) {
      const theirs = await facts(method, `/api/sessions/${session.slug}/keys`, body);
      expect(theirs.status).toBe(404);
      expect(theirs).toEqual(await facts(method, '/api/sessions/nothing/keys', body));
      expect(theirs).toEqual(await facts(method, '/api/sessions/no%00thing/keys', body));
    }
    const taken = await facts('POST', '/api/keys', { name: 'Mine', sessionId: session.slug });
    expect(taken.status).toBe(404);
    expect(taken).toEqual(await facts('POST', '/api/keys', { name: 'Mine', sessionId: 'nothing' }));
  });

  it('does not let administrators make keys for sessions of others by the internal id', async () => {
    const administrator = await fixture.adminToken();
    const session = await fixture.createSession(user);
    expect((await fixture.call('GET', `/api/sessions/${session.id}`, { as: administrator })).status).toBe(200);
    expect((await make(administrator, {}, `/api/sessions/${session.id}/keys`)).status).toBe(404);
  });
});

describe('a key in the URL (MR-144)', () => {
  it('is refused in a sentence of its own, and taken where the operator allows it', async () => {
    const refused = await fixture.call('GET', `/api/sessions?apiKey=${user.apiKey}`);
    expect([refused.status, refused.body.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(refused.body.error).toContain('ALLOW_QUERY_API_KEY');
    const open = await createGatewayFixture({ ALLOW_QUERY_API_KEY: 'true' }, { beside: fixture });
    try {
      expect((await open.call('GET', `/api/sessions?apiKey=${user.apiKey}`)).status).toBe(200);
      expect((await open.call('GET', '/api/sessions?apiKey=wag_test_x')).status).toBe(401);
      expect((await open.call('GET', `/api/sessions?apiKey=${user.apiKey}&apiKey=${user.apiKey}`)).status).toBe(401);
    } finally {
      await open.close();
    }
  });

  it('of a session opens the stream of its QR codes, which browsers open without headers; a workspace key does not', async () => {
    const session = await fixture.createSession(user);
    const open = (key: string) => fixture.call('GET', `/api/sessions/${session.slug}/qr/stream?apiKey=${key}`);
    expect((await open(user.apiKey)).status).toBe(401);
    expect((await open(user.token)).status).toBe(401);
    // Taken: what is missing is a worker that knows the session.
    expect([401, 403]).not.toContain((await open(session.key)).status);
  });
});
