import { newId } from '@wa-gate/kit';
import { describe, expect, it } from 'vitest';
import type { TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
const login = async (email: string, userAgent = 'test') =>
  (
    await fixture.call('POST', '/api/auth/login', {
      body: { email, password: 'correct horse' },
      headers: { 'user-agent': userAgent },
    })
  ).body.data;
const list = async (token: string) => (await fixture.call('GET', '/api/auth/logins', { as: token })).body.data.logins;
const end = (token: string, id: string) => fixture.call('DELETE', `/api/auth/logins/${id}`, { as: token });

describe('my logins', () => {
  it('are listed with where they are from, and can be ended one by one', async () => {
    const user = await fixture.register();
    const other = await login(user.email, 'Browser \u00e9 of the other\n');
    const logins = await list(user.token);
    expect(logins).toHaveLength(2);
    expect(logins.find(({ isCurrent }: { isCurrent: boolean }) => !isCurrent)).toMatchObject({
      ip: '127.0.0.1',
      userAgent: expect.stringContaining('Browser'),
    });
    const { id } = logins.find(({ isCurrent }: { isCurrent: boolean }) => !isCurrent);
    expect((await end(user.token, id)).status).toBe(200);
    expect((await fixture.call('GET', '/api/auth/me', { as: other.token })).status).toBe(401);
    expect(await list(user.token)).toHaveLength(1);
    expect((await end(user.token, id)).body.code).toBe('LOGIN_NOT_FOUND');
  });

  it('of others are like none at all: the same answer as for what does not exist', async () => {
    const [mine, stranger] = [await fixture.register(), await fixture.register()];
    const [theirs] = await list(stranger.token);
    const answers = await Promise.all(['nothing', newId(), theirs.id].map((id) => end(mine.token, id)));
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect({ ...body, requestId: '' }).toEqual({ ...answers[0]!.body, requestId: '' });
    }
    expect((await fixture.call('GET', '/api/auth/me', { as: stranger.token })).status).toBe(200);
  });
});

describe('me (MR-005)', () => {
  async function invite(member: TestUser, owner: TestUser): Promise<string> {
    const { rows } = await fixture.database.pool.query(
      `INSERT INTO workspace_members (workspace_id, user_id, role)
       SELECT w.id, u.id, 'VIEWER' FROM workspaces w JOIN users o ON o.id = w.owner_user_id, users u WHERE o.email = $1 AND u.email = $2
       RETURNING workspace_id AS id`,
      [owner.email, member.email],
    );
    return rows[0].id;
  }

  it('tells who I am, where I am, and where else I may be', async () => {
    const [user, owner] = [await fixture.register(), await fixture.register()];
    const other = await invite(user, owner);
    const { body } = await fixture.call('GET', '/api/auth/me', { as: user.token });
    expect(body.data.user).toMatchObject({ email: user.email, role: 'customer', emailVerified: false });
    expect(body.data.workspaceRole).toBe('owner');
    expect(body.data.workspaces).toEqual([
      { id: body.data.workspaceId, name: expect.any(String), role: 'owner' },
      { id: other, name: expect.any(String), role: 'viewer' },
    ]);
  });

  it('can be in another workspace after a switch, which refreshes keep; a stranger finds none there', async () => {
    const [user, owner] = [await fixture.register(), await fixture.register()];
    const { token, refreshToken } = await login(user.email);
    const other = await invite(user, owner);
    const switchTo = (workspaceId: string) =>
      fixture.call('POST', '/api/auth/switch', { as: token, body: { workspaceId } });
    const { body } = await switchTo(other);
    expect(body.data).toMatchObject({ workspaceId: other, workspaceRole: 'viewer' });
    const me = await fixture.call('GET', '/api/auth/me', { as: body.data.token });
    expect(me.body.data).toMatchObject({ workspaceId: other, workspaceRole: 'viewer' });
    const refreshed = await fixture.call('POST', '/api/auth/refresh', { body: { refreshToken } });
    expect(refreshed.body.data.workspaceId).toBe(other);
    // Not a member any more: back to what is theirs.
    await fixture.database.pool.query('DELETE FROM workspace_members WHERE workspace_id = $1 AND role = $2', [
      other,
      'VIEWER',
    ]);
    const home = await fixture.call('POST', '/api/auth/refresh', {
      body: { refreshToken: refreshed.body.data.refreshToken },
    });
    expect(home.body.data).toMatchObject({ workspaceRole: 'owner' });

    const strangers = (await fixture.call('GET', '/api/auth/me', { as: owner.token })).body.data.workspaceId;
    const third = await fixture.register();
    for (const workspaceId of [strangers, newId()]) {
      const refused = await fixture.call('POST', '/api/auth/switch', { as: third.token, body: { workspaceId } });
      expect([refused.status, refused.body.code]).toEqual([404, 'WORKSPACE_NOT_FOUND']);
    }
  });

  it('can have another name', async () => {
    const user = await fixture.register();
    const { body } = await fixture.call('PATCH', '/api/auth/me', { as: user.token, body: { name: 'Änn 👋' } });
    expect(body.data.user.name).toBe('Änn 👋');
  });

  it.each([
    [{ name: '' }],
    [{ name: 'a\u0000b' }],
    [{ name: 'a\ud83d' }],
    [{ email: 'nobody' }],
    [{ email: 'a\u0000@example.test', currentPassword: 'correct horse' }],
    [{ role: 'administrator' }],
    [{ tier: 'max' }],
  ])('takes nothing else: %j', async (body) => {
    const user = await fixture.register();
    expect((await fixture.call('PATCH', '/api/auth/me', { as: user.token, body })).status).toBe(400);
  });

  it('can have another e-mail, with the password, unless it is taken', async () => {
    const [user, other] = [await fixture.register(), await fixture.register()];
    const change = (body: Record<string, unknown>) => fixture.call('PATCH', '/api/auth/me', { as: user.token, body });
    const email = `new-${user.email}`;
    expect((await change({ email })).body.code).toBe('VALIDATION');
    expect((await change({ email, currentPassword: 'wrong horse' })).body.code).toBe('INVALID_CREDENTIALS');
    expect((await change({ email: other.email, currentPassword: 'correct horse' })).body.code).toBe('EMAIL_TAKEN');
    expect((await change({ email: email.toUpperCase(), currentPassword: 'correct horse' })).body.data.user.email).toBe(
      email,
    );
    expect((await login(email)).user.email).toBe(email);
  });
});
