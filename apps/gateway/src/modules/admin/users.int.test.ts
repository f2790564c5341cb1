import { newId } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GatewayFixture, TestUser } from '../../testing/gateway-fixture.ts';
import { otherwiseFor } from '../../testing/timing.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';

const fixture = useGateway();
const other = useGateway({}, { beside: fixture });
let worker: WorkerStandIn;
let admin: string;
beforeAll(async () => {
  admin = await fixture.adminToken();
  worker = await fixture.startWorker('worker-1');
  // Nobody renews it here, and on a busy machine the tests last longer than a lease.
  await fixture.database.pool.query(`UPDATE worker_leases SET expires_at = now() + interval '1 hour'`);
});

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
const ask = (method: Method, path: string, body?: unknown, as = admin) =>
  fixture.call(method as 'GET', `/api/admin/users${path}`, { as, body });
const idOf = async ({ email }: { email: string }): Promise<string> =>
  (await fixture.database.pool.query('SELECT id FROM users WHERE email = $1', [email])).rows[0].id;
const me = (gateway: GatewayFixture, token: string) => gateway.call('GET', '/api/auth/me', { as: token });
const sessionsBy = (gateway: GatewayFixture, key: string) => gateway.call('GET', '/api/sessions', { as: key });
const make = async (email: string, more: Record<string, unknown> = {}) =>
  (await ask('POST', '', { email, password: 'correct horse battery', ...more })).body.data;
const login = (email: string, password = 'correct horse battery') =>
  fixture.call('POST', '/api/auth/login', { body: { email, password } });
const rowsOf = async (sql: string, values: unknown[]) => (await fixture.database.pool.query(sql, values)).rows;

describe('the list of users (MR-022, MR-096)', () => {
  beforeAll(async () => {
    await make('john@example.test', { name: 'John 100%', tier: 'PRO' });
    await make('johnny@example.test', { name: 'Johnny_Under' });
    await make('mary@example.test', { name: 'MARY' });
    await ask('PATCH', `/${await idOf({ email: 'mary@example.test' })}`, { isActive: false });
  });
  const emails = async (query: string) => {
    const { status, body } = await ask('GET', query);
    expect(status, JSON.stringify(body)).toBe(200);
    return body.data.users.map(({ email }: { email: string }) => email);
  };

  it('has pages, newest first', async () => {
    const { body } = await ask('GET', '?page=2&limit=2');
    expect(body.data.users).toHaveLength(2);
    const { total } = body.data.pagination;
    expect(body.data.pagination).toEqual({ total, page: 2, limit: 2, totalPages: Math.ceil(total / 2) });
    expect(total).toBe((await rowsOf('SELECT 1 FROM users', [])).length);
    expect((await emails('?limit=1'))[0]).toBe('mary@example.test');
    expect(await emails('?page=1000000&limit=200')).toEqual([]);
  });

  it.each([
    ['search=JOHN', ['johnny@example.test', 'john@example.test']],
    ['search=100%25', ['john@example.test']],
    ['search=_', ['johnny@example.test']],
    ['search=mary', ['mary@example.test']],
    ['search=%5C', []],
    ['search=john&tier=pro', ['john@example.test']],
    ['search=john&tier=BASIC', ['johnny@example.test']],
    ['search=example.test&status=inactive', ['mary@example.test']],
    ['search=john&status=active', ['johnny@example.test', 'john@example.test']],
    ['role=admin', ['admin@example.test']],
    ['role=ADMINISTRATOR&search=john', []],
    ['role=customer&search=john', ['johnny@example.test', 'john@example.test']],
  ])('finds by %s, taken literally', async (query, found) => {
    expect(await emails(`?${query}`)).toEqual(found);
  });

  it.each(['role=owner', 'tier=gold', 'status=gone', 'page=0', 'limit=201', 'search=', 'search=%00'])(
    'refuses %s',
    async (query) => {
      expect((await ask('GET', `?${query}`)).status).toBe(400);
    },
  );
});

describe('one user (MR-023, MR-126)', () => {
  it('is made with a workspace, a role and a tier, and can log in', async () => {
    const user = await make('New@Example.test', { role: 'ADMIN', tier: 'MAX' });
    expect(user).toMatchObject({
      email: 'new@example.test',
      name: 'new',
      role: 'administrator',
      tier: 'max',
      isActive: true,
      emailVerified: false,
      counts: { workspaces: 1, memberships: 0, sessions: 0, connectedSessions: 0, apiKeys: 0, logins: 0 },
    });
    const { body } = await login('new@example.test');
    expect((await ask('GET', '?limit=1', undefined, body.data.token)).status).toBe(200);
    expect((await ask('GET', `/${user.id}`)).body.data.counts.logins).toBe(1);
    await ask('DELETE', `/${user.id}`);
  });

  it('is made once per e-mail', async () => {
    await make('twice@example.test');
    const again = await ask('POST', '', { email: 'TWICE@example.test', password: 'correct horse battery' });
    expect([again.status, again.body.code]).toEqual([409, 'EMAIL_TAKEN']);
  });

  it.each([
    [{ email: 'x@example.test' }],
    [{ email: 'no address', password: 'correct horse battery' }],
    [{ email: 'x@example.test', password: 'correct horse battery', role: 'owner' }],
    [{ email: 'x@example.test', password: 'correct horse battery', isActive: true }],
    [{ email: 'x@example.test', password: 'correct horse battery', passwordHash: 'x' }],
  ])('is not made of %j', async (body) => {
    expect((await ask('POST', '', body)).status).toBe(400);
  });

  it('is changed, and what is cached of it is so everywhere within a second', async () => {
    const user = await fixture.register();
    const id = await idOf(user);
    expect((await me(other, user.token)).body.data.user.tier).toBe('max');
    const changed = await ask('PATCH', `/${id}`, { name: 'Renamed', tier: 'basic', role: 'administrator' });
    expect(changed.body.data).toMatchObject({ name: 'Renamed', tier: 'basic', role: 'administrator' });
    const asAdministrator = () => other.call('GET', '/api/admin/users?limit=1', { as: user.token });
    expect(await otherwiseFor(async () => (await asAdministrator()).status === 200)).toBeLessThan(1_000);
    await ask('PATCH', `/${id}`, { role: 'user' });
    expect(await otherwiseFor(async () => (await asAdministrator()).status === 403)).toBeLessThan(1_000);
  });

  it('gets a new address that is unproved, and old mails open nothing', async () => {
    const user = await fixture.register();
    const id = await idOf(user);
    await rowsOf('UPDATE users SET email_verified_at = now() WHERE id = $1', [id]);
    await rowsOf(
      `INSERT INTO mail_tokens (hash, user_id, purpose, email, expires_at) VALUES ('\\x01', $1, 'RESET_PASSWORD', $2, now() + interval '1 day')`,
      [id, user.email],
    );
    expect((await ask('PATCH', `/${id}`, { name: 'x' })).body.data.emailVerified).toBe(true);
    const changed = await ask('PATCH', `/${id}`, { email: `Other-${user.email}` });
    expect(changed.body.data).toMatchObject({ email: `other-${user.email}`, emailVerified: false });
    expect((await rowsOf('SELECT used_at FROM mail_tokens WHERE user_id = $1', [id]))[0].used_at).not.toBeNull();
    const taken = await ask('PATCH', `/${id}`, { email: 'admin@example.test' });
    expect([taken.status, taken.body.code]).toEqual([409, 'EMAIL_TAKEN']);
  });

  it.each(['unknown', '01995a3c-7d2e-7b41-9c55-2f1d6a9e8b10', '%00', "1'%20OR%201=1"])(
    'that does not exist (%s) is a 404',
    async (id) => {
      for (const [method, path, body] of [
        ['GET', '', undefined],
        ['PATCH', '', { name: 'x' }],
        ['DELETE', '', undefined],
        ['DELETE', '/logins', undefined],
      ] as const) {
        const { status, body: answer } = await ask(method, `/${id}${path}`, body);
        expect([method, status, answer.code]).toEqual([method, 404, 'USER_NOT_FOUND']);
      }
    },
  );

  it('is nothing for others than administrators', async () => {
    const user = await fixture.register();
    const id = await idOf(user);
    for (const as of [user.token, user.apiKey]) {
      expect((await ask('GET', '', undefined, as)).status).toBe(403);
      expect((await ask('PATCH', `/${id}`, { role: 'admin' }, as)).status).toBe(403);
      expect((await ask('DELETE', `/${id}`, undefined, as)).status).toBe(403);
    }
  });
});

describe('deactivated (MR-149)', () => {
  it('ends logins and stops keys on every gateway within a second; activated, only the keys work again', async () => {
    const user = await fixture.register();
    const id = await idOf(user);
    for (const gateway of [fixture, other]) {
      expect((await me(gateway, user.token)).status).toBe(200);
      expect((await sessionsBy(gateway, user.apiKey)).status).toBe(200);
    }
    expect((await ask('PATCH', `/${id}`, { isActive: false })).body.data.isActive).toBe(false);
    const isOut = async (gateway: GatewayFixture) =>
      (await me(gateway, user.token)).status === 401 && (await sessionsBy(gateway, user.apiKey)).status === 401;
    const elsewhere = otherwiseFor(() => isOut(other));
    expect(await isOut(fixture)).toBe(true);
    expect(await elsewhere).toBeLessThan(1_000);
    expect((await login(user.email, 'correct horse')).body.code).toBe('ACCOUNT_DISABLED');

    await ask('PATCH', `/${id}`, { isActive: true });
    const works = async (gateway: GatewayFixture) => (await sessionsBy(gateway, user.apiKey)).status === 200;
    await waitFor(async () => (await works(fixture)) && (await works(other)));
    expect((await me(other, user.token)).status).toBe(401);
    expect((await rowsOf('SELECT ended_reason FROM logins WHERE user_id = $1', [id]))[0].ended_reason).toBe(
      'deactivated',
    );
  });

  it('tells members of its workspaces so, whose credentials are good, within a second; activated, they work on', async () => {
    const [owner, member] = [await fixture.register(), await fixture.register()];
    const { workspaceId } = (await me(fixture, owner.token)).body.data;
    const { body: invited } = await fixture.call('POST', `/api/workspaces/${workspaceId}/invitations`, {
      as: owner.token,
      body: { email: member.email, role: 'owner' },
    });
    await fixture.call('POST', `/api/invitations/${invited.data.token}/accept`, { as: member.token });
    const enter = async () => {
      const { token } = (await login(member.email, 'correct horse')).body.data;
      const body = { workspaceId };
      return (await fixture.call('POST', '/api/auth/switch', { as: token, body })).body.data.token as string;
    };
    const [token, leaving] = [await enter(), await enter()];
    const made = await fixture.call('POST', '/api/keys', { as: token, body: { name: 'Of a member' } });
    const seen = async (gateway: GatewayFixture) => {
      const answers = [
        await sessionsBy(gateway, token),
        await sessionsBy(gateway, made.body.data.apiKey),
        await gateway.call('GET', `/api/workspaces/${workspaceId}`, { as: member.token }),
        await gateway.call('POST', '/api/auth/switch', { as: member.token, body: { workspaceId } }),
      ];
      return answers.map(({ status, body }) => body.code ?? status);
    };
    const works = [200, 200, 200, 200];
    const refused = Array(4).fill('ACCOUNT_DISABLED');
    const is = (expected: unknown[]) => async () => JSON.stringify(await seen(other)) === JSON.stringify(expected);
    expect(await seen(other)).toEqual(works);
    await fixture.call('POST', '/api/auth/logout', { as: leaving });

    const id = await idOf(owner);
    await ask('PATCH', `/${id}`, { isActive: false });
    const elsewhere = otherwiseFor(is(refused));
    expect(await seen(fixture)).toEqual(refused);
    expect(await elsewhere).toBeLessThan(1_000);
    const told = await sessionsBy(fixture, token);
    expect([told.status, told.body.error]).toEqual([403, expect.stringContaining('owns this workspace')]);
    expect((await sessionsBy(fixture, leaving)).status).toBe(401);

    await ask('PATCH', `/${id}`, { isActive: true });
    await waitFor(is(works));
  });

  it('all logins of a user can be ended alone, on every gateway within a second', async () => {
    const user = await fixture.register();
    expect((await me(other, user.token)).status).toBe(200);
    const ended = await ask('DELETE', `/${await idOf(user)}/logins`);
    expect(ended.body.data).toEqual({ ended: 1 });
    const elsewhere = otherwiseFor(async () => (await me(other, user.token)).status === 401);
    expect((await me(fixture, user.token)).status).toBe(401);
    expect(await elsewhere).toBeLessThan(1_000);
    expect((await sessionsBy(other, user.apiKey)).status).toBe(200);
  });
});

describe('the last administrator', () => {
  it('stays one', async () => {
    const id = await idOf({ email: 'admin@example.test' });
    for (const [method, body] of [
      ['PATCH', { role: 'customer' }],
      ['PATCH', { isActive: false }],
      ['DELETE', undefined],
    ] as const) {
      const { status, body: answer } = await ask(method, `/${id}`, body);
      expect([status, answer.code]).toEqual([409, 'LAST_ADMINISTRATOR']);
    }
    expect((await ask('PATCH', `/${id}`, { name: 'Still here' })).status).toBe(200);
  });

  it('remains also when two demote each other at the same time', async () => {
    const first = await idOf({ email: 'admin@example.test' });
    for (let round = 0; round < 5; round += 1) {
      const second = (await make(`second-${round}@example.test`, { role: 'admin' })).id;
      const answers = await Promise.all([
        ask('PATCH', `/${first}`, { role: 'customer' }),
        ask('PATCH', `/${second}`, { role: 'customer' }),
      ]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const left = await rowsOf(`SELECT id FROM users WHERE role = 'ADMINISTRATOR' AND is_active`, []);
      expect(left).toHaveLength(1);
      await rowsOf(`UPDATE users SET role = 'ADMINISTRATOR' WHERE id = $1`, [first]);
      await rowsOf(`UPDATE users SET role = 'USER' WHERE id = $1`, [second]);
      await fixture.gateway.services.users.update(
        { kind: 'system', userId: null, keyId: null, name: null, ip: null, requestId: null, workspaceId: null },
        first,
        { name: `Round ${round}` },
      );
    }
  });
});

describe('deleted', () => {
  async function withEverything(): Promise<{ user: TestUser; id: string; sessionId: string; workspaceId: string }> {
    const user = await fixture.register();
    const session = await fixture.createSession(user, { webhook: { url: 'https://example.com/hook' } });
    const id = await idOf(user);
    const [{ workspace_id: workspaceId }] = await rowsOf('SELECT workspace_id FROM sessions WHERE id = $1', [
      session.id,
    ]);
    await rowsOf(
      `INSERT INTO usage_records (id, user_id, session_id, usage_count, billing_date) VALUES ($1, $2, $3, 5, '2026-01-01')`,
      [newId(), id, session.id],
    );
    return { user, id, sessionId: session.id, workspaceId };
  }

  it('goes with everything that is theirs, everywhere within a second; its device is unlinked and its worker lets go', async () => {
    const { user, id, sessionId, workspaceId } = await withEverything();
    expect((await sessionsBy(other, user.apiKey)).status).toBe(200);
    worker.answer({ body: { unlinked: true } });
    const { status, body } = await ask('DELETE', `/${id}`);
    const elsewhere = otherwiseFor(async () => (await sessionsBy(other, user.apiKey)).status === 401);
    expect([status, body.data]).toEqual([
      200,
      { userId: id, deleted: true, deletionId: expect.any(String), sessions: { deleted: 1, unlinked: 1 } },
    ]);
    expect(worker.calls.filter(({ url }) => url === `/session/${sessionId}`).map(({ method }) => method)).toEqual([
      'DELETE',
    ]);
    expect(await elsewhere).toBeLessThan(1_000);
    expect((await me(fixture, user.token)).status).toBe(401);
    for (const [table, column, value] of [
      ['users', 'id', id],
      ['workspaces', 'id', workspaceId],
      ['workspace_members', 'user_id', id],
      ['sessions', 'id', sessionId],
      ['session_placements', 'session_id', sessionId],
      ['webhooks', 'session_id', sessionId],
      ['api_keys', 'workspace_id', workspaceId],
      ['logins', 'user_id', id],
      ['usage_records', 'user_id', id],
      ['message_usage', 'user_id', id],
    ]) {
      expect([table, await rowsOf(`SELECT 1 FROM ${table} WHERE ${column} = $1`, [value])]).toEqual([table, []]);
    }
    const log = await rowsOf('SELECT action FROM audit_logs WHERE resource_id = ANY($1) ORDER BY id', [
      [id, sessionId],
    ]);
    expect(log.map(({ action }) => action)).toEqual([
      'user.registered',
      'session.created',
      'user.updated',
      'session.deleted',
      'user.deleted',
    ]);
  });

  it('goes also when the worker does not answer', async () => {
    const { id } = await withEverything();
    worker.answer({ status: 500 });
    expect((await ask('DELETE', `/${id}`)).body.data.sessions).toEqual({ deleted: 1, unlinked: 0 });
    worker.answer({});
  });

  it('leaves the keys that it made in workspaces of others to the owners of these', async () => {
    const [owner, leaver] = [await fixture.register(), await fixture.register()];
    const [ownerId, leaverId] = [await idOf(owner), await idOf(leaver)];
    const [{ id: workspaceId }] = await rowsOf('SELECT id FROM workspaces WHERE owner_user_id = $1', [ownerId]);
    await rowsOf(`INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'OWNER')`, [
      workspaceId,
      leaverId,
    ]);
    // As if the leaver had made the owner's key.
    await rowsOf('UPDATE api_keys SET user_id = $2 WHERE workspace_id = $1', [workspaceId, leaverId]);
    expect((await sessionsBy(fixture, owner.apiKey)).status).toBe(200);
    expect((await ask('DELETE', `/${leaverId}`)).status).toBe(200);
    expect(await rowsOf('SELECT user_id FROM api_keys WHERE workspace_id = $1', [workspaceId])).toEqual([
      { user_id: ownerId },
    ]);
    expect((await sessionsBy(fixture, owner.apiKey)).status).toBe(200);
    await waitFor(async () => (await sessionsBy(other, owner.apiKey)).status === 200);
  });
});
