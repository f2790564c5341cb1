import { beforeEach, describe, expect, it } from 'vitest';
import type { TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { sweepInvitations } from './invitations.repository.ts';

const fixture = useGateway();
let owner: TestUser;
let guest: TestUser;
/** The personal workspace of the owner. */
let workspaceId: string;
beforeEach(async () => {
  [owner, guest] = [await fixture.register(), await fixture.register()];
  workspaceId = (await mine(owner))[0].id;
});

const mine = async (user: TestUser) =>
  (await fixture.call('GET', '/api/workspaces', { as: user.token })).body.data.workspaces;
const idOf = async (user: TestUser): Promise<string> =>
  (await fixture.call('GET', '/api/auth/me', { as: user.token })).body.data.user.id;
const at = (path = '') => `/api/workspaces/${workspaceId}${path}`;
const invite = (role: string, email = guest.email, as = owner.token) =>
  fixture.call('POST', at('/invitations'), { as, body: { email, role } });
const accept = (token: string, as = guest.token) => fixture.call('POST', `/api/invitations/${token}/accept`, { as });
/** Takes the guest into the workspace, and returns a token for it. */
async function join(role: string): Promise<string> {
  const { body } = await invite(role);
  expect((await accept(body.data.token)).status).toBe(200);
  return switchTo(guest);
}
const switchTo = async (user: TestUser): Promise<string> =>
  (await fixture.call('POST', '/api/auth/switch', { as: user.token, body: { workspaceId } })).body.data.token;
const facts = ({ status, body }: { status: number; body: object }) => ({ ...body, status, requestId: '' });
const audit = async (action: string) =>
  (
    await fixture.database.pool.query(
      'SELECT actor_name, resource_id, before, after FROM audit_logs WHERE workspace_id = $1 AND action = $2 ORDER BY id',
      [workspaceId, action],
    )
  ).rows;

describe('workspaces (MR-146)', () => {
  it('are twenty for one person, however many are asked for at once', async () => {
    const user = await fixture.register();
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) =>
        fixture.call('POST', '/api/workspaces', { as: user.token, body: { name: `W${n}` } }),
      ),
    );
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(Array(5).fill([403, 'WORKSPACE_LIMIT']));
    expect(await mine(user)).toHaveLength(20);
  });

  it('are made, looked at, renamed and listed', async () => {
    const made = await fixture.call('POST', '/api/workspaces', { as: owner.token, body: { name: 'Support' } });
    expect(made.status).toBe(201);
    const { workspace } = made.body.data;
    expect(workspace).toMatchObject({ name: 'Support', workspaceRole: 'owner', members: 1, sessions: 0 });
    expect(workspace.permissions).toContain('users.manage');
    const renamed = await fixture.call('PATCH', `/api/workspaces/${workspace.id}`, {
      as: owner.token,
      body: { name: 'Help' },
    });
    expect(renamed.body.data.workspace).toEqual({ ...workspace, name: 'Help' });
    expect((await mine(owner)).map(({ name }: { name: string }) => name)).toEqual([expect.any(String), 'Help']);
    const { rows } = await fixture.database.pool.query(
      'SELECT action, before, after FROM audit_logs WHERE resource_id = $1 ORDER BY id',
      [workspace.id],
    );
    expect(rows).toEqual([
      { action: 'workspace.created', before: null, after: { name: 'Support' } },
      { action: 'workspace.updated', before: { name: 'Support' }, after: { name: 'Help' } },
    ]);
  });

  it('are shown to their own keys, by what the key may', async () => {
    const { body } = await fixture.call('GET', at(), { as: owner.apiKey });
    expect(body.data.workspace).toMatchObject({ id: workspaceId, workspaceRole: 'owner' });
    expect(
      (
        await fixture.call('GET', at().toUpperCase().replace('/API/WORKSPACES', '/api/workspaces'), {
          as: owner.apiKey,
        })
      ).status,
    ).toBe(200);
    expect((await fixture.call('GET', '/api/workspaces', { as: owner.apiKey })).status).toBe(403);
  });

  it.each([
    ['', 'GET', undefined],
    ['', 'PATCH', { name: 'Mine' }],
    ['', 'DELETE', undefined],
    ['/members', 'GET', undefined],
    ['/members/00000000-0000-7000-8000-000000000000', 'PATCH', { role: 'viewer' }],
    ['/members/00000000-0000-7000-8000-000000000000', 'DELETE', undefined],
    ['/leave', 'POST', undefined],
    ['/invitations', 'GET', undefined],
    ['/invitations', 'POST', { email: 'x@example.test' }],
    ['/invitations/00000000-0000-7000-8000-000000000000', 'DELETE', undefined],
  ] as const)('are to strangers as if they were not there: %s %s', async (path, method, body) => {
    for (const as of [guest.token, guest.apiKey]) {
      const ask = (id: string) => fixture.call(method, `/api/workspaces/${id}${path}`, { as, ...(body && { body }) });
      const theirs = facts(await ask(workspaceId));
      // Routes for people refuse keys before they look.
      expect([404, ...(as === guest.apiKey ? [403] : [])]).toContain(theirs.status);
      expect(theirs).toEqual(facts(await ask('00000000-0000-7000-8000-000000000000')));
      expect(theirs).toEqual(facts(await ask('no-workspace')));
      expect(theirs).toEqual(facts(await ask('a%2Fb%00')));
    }
  });
});

describe('invitations', () => {
  it('are for one address, shown once, and used once', async () => {
    const { status, body } = await invite('OPERATOR', guest.email.toUpperCase());
    expect(status).toBe(201);
    const { token, invitation, mailed } = body.data;
    expect(token).toMatch(/^wag_in_/);
    expect(mailed).toBe(false);
    expect(invitation).toMatchObject({ email: guest.email, role: 'operator', invitedBy: owner.email });
    const listed = await fixture.call('GET', at('/invitations'), { as: owner.token });
    expect(listed.body.data.invitations).toEqual([invitation]);
    expect(listed.raw.toString()).not.toContain(token);
    const looked = await fixture.call('GET', `/api/invitations/${token}`);
    expect(looked.body.data.invitation).toEqual({
      workspace: { id: workspaceId, name: expect.any(String) },
      email: guest.email,
      role: 'operator',
      invitedBy: owner.email,
      expiresAt: invitation.expiresAt,
    });
    // Somebody else with the token is nobody.
    const other = await fixture.register();
    const refused = facts(await accept(token, other.token));
    expect(refused.status).toBe(404);
    expect(refused).toEqual(facts(await accept('wag_in_none', other.token)));

    const accepted = await accept(token);
    expect(accepted.body.data.workspace).toEqual({ id: workspaceId, workspaceRole: 'operator' });
    expect((await accept(token)).status).toBe(404);
    const gone = await fixture.call('GET', `/api/invitations/${token}`);
    expect([gone.status, gone.body.code]).toEqual([404, 'INVITATION_NOT_FOUND']);
    expect((await fixture.call('GET', at(), { as: guest.token })).body.data.workspace).toMatchObject({
      workspaceRole: 'operator',
      members: 2,
    });
    expect((await invite('viewer')).body.code).toBe('MEMBER_EXISTS');
    const [created, joined] = [await audit('invitation.created'), await audit('invitation.accepted')];
    expect(created[0].after).toEqual({ email: guest.email, role: 'operator' });
    expect(joined[0]).toMatchObject({ actor_name: guest.email, after: { role: 'operator' } });
  });

  it('of two at the same time join once', async () => {
    const { token } = (await invite('viewer')).body.data;
    const answers = await Promise.all([accept(token), accept(token)]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 404]));
  });

  it('take the place of earlier ones to the same address', async () => {
    const first = (await invite('owner')).body.data;
    const second = (await invite('viewer', guest.email.toUpperCase())).body.data;
    expect((await accept(first.token)).status).toBe(404);
    expect((await accept(second.token)).body.data.workspace.workspaceRole).toBe('viewer');
  });

  it('end when they are withdrawn, or after a week', async () => {
    const { token, invitation } = (await invite('viewer')).body.data;
    const days = (Date.parse(invitation.expiresAt) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6.9);
    expect(days).toBeLessThanOrEqual(7);
    const withdraw = () => fixture.call('DELETE', at(`/invitations/${invitation.id}`), { as: owner.token });
    expect((await withdraw()).status).toBe(200);
    expect((await withdraw()).status).toBe(404);
    expect((await accept(token)).status).toBe(404);
    expect(await audit('invitation.revoked')).toHaveLength(1);

    const late = (await invite('viewer')).body.data;
    await fixture.database.pool.query(`UPDATE workspace_invitations SET expires_at = now() WHERE id = $1`, [
      late.invitation.id,
    ]);
    expect((await accept(late.token)).status).toBe(404);
    expect((await fixture.call('GET', at('/invitations'), { as: owner.token })).body.data.invitations).toEqual([]);
  });

  it('are deleted a month after their end', async () => {
    const ended = (await invite('viewer')).body.data.invitation.id;
    const open = (await invite('viewer', 'other@example.test')).body.data.invitation.id;
    const { pool } = fixture.database;
    await pool.query(`UPDATE workspace_invitations SET expires_at = now() - interval '31 days' WHERE id = $1`, [ended]);
    expect(await sweepInvitations(pool, 100)).toBe(1);
    const { rows } = await pool.query('SELECT id FROM workspace_invitations WHERE workspace_id = $1', [workspaceId]);
    expect(rows).toEqual([{ id: open }]);
  });

  it('are so many in an hour and no more, over all workspaces: each may be a mail to somebody who has not asked for it', async () => {
    const as = await fixture.adminToken();
    const path = '/api/admin/rate-limits/invitations';
    const set = (max: number) => fixture.call('PUT', path, { as, body: { max, windowSeconds: 3_600 } });
    const inviteSome = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, index) => invite('viewer', `somebody-${index}@example.test`)));
    await set(2);
    const answers = await inviteSome(3);
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([201, 201, 429]);
    expect(answers.find(({ status }) => status === 429)!.body).toMatchObject({
      code: 'RL_ENDPOINT',
      details: { bucket: 'invitations' },
    });
    await set(1_000_000);
    expect((await inviteSome(1))[0]!.status).toBe(201);
  });

  it('cannot give more than the inviter has', async () => {
    const { body } = await fixture.call('POST', '/api/keys', {
      as: owner.token,
      body: { name: 'Inviter', permissions: ['users.manage', 'logs.view', 'media.view'] },
    });
    expect((await invite('owner', guest.email, body.data.apiKey)).status).toBe(403);
    expect((await invite('operator', guest.email, body.data.apiKey)).status).toBe(403);
    expect((await invite('viewer', guest.email, body.data.apiKey)).status).toBe(201);
  });

  it.each([
    ['OWNER', 'owner'],
    ['ADMIN', 'owner'],
    ['admin', 'owner'],
    ['OPERATOR', 'operator'],
    ['operator', 'operator'],
    ['USER', 'viewer'],
    ['user', 'viewer'],
    ['viewer', 'viewer'],
    ['customer', 'viewer'],
  ])('take the role words of both briefs: %s is %s', async (word, role) => {
    expect((await invite(word)).body.data.invitation.role).toBe(role);
  });

  it('are refused to those who lose the role, or the workspace, at the same moment and are still remembered here', async () => {
    const token = await join('owner');
    const { pool } = fixture.database;
    expect((await invite('owner', 'a@example.test', token)).status).toBe(201);
    await pool.query(`UPDATE workspace_members SET role = 'VIEWER' WHERE user_id = $1 AND workspace_id = $2`, [
      await idOf(guest),
      workspaceId,
    ]);
    expect((await invite('owner', 'b@example.test', token)).status).toBe(403);
    expect((await invite('viewer', 'c@example.test')).status).toBe(201);
    await pool.query('DELETE FROM workspaces WHERE id = $1', [workspaceId]);
    expect([401, 403]).toContain((await invite('viewer', 'd@example.test')).status);
  });

  it('cannot be made by those who lost the role at the same moment and are still remembered here', async () => {
    const token = await join('owner');
    const id = await idOf(guest);
    const become = (role: string) => fixture.call('PATCH', at(`/members/${id}`), { as: token, body: { role } });
    expect((await become('owner')).status).toBe(200);
    await fixture.database.pool.query(
      `UPDATE workspace_members SET role = 'VIEWER' WHERE user_id = $1 AND workspace_id = $2`,
      [id, workspaceId],
    );
    const { status, body } = await become('owner');
    expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('refuse roles that are none', async () => {
    expect((await invite('king')).body.code).toBe('VALIDATION');
  });
});

describe('members', () => {
  it('are listed with their roles; the owner is marked', async () => {
    await join('viewer');
    const { body } = await fixture.call('GET', at('/members'), { as: owner.token });
    expect(body.data.members).toMatchObject([
      { email: owner.email, role: 'owner', isOwner: true },
      { email: guest.email, role: 'viewer', isOwner: false },
    ]);
    expect(body.data.pagination.total).toBe(2);
  });

  it('get another role at once, and with a lesser one their keys and open invitations too', async () => {
    const token = await join('owner');
    const guestId = await idOf(guest);
    const made = await fixture.call('POST', '/api/keys', { as: token, body: { name: 'Theirs' } });
    const key = made.body.data.apiKey;
    const invited = await invite('owner', 'accomplice@example.test', token);
    expect((await fixture.call('GET', at('/members'), { as: key })).status).toBe(200);
    const changed = await fixture.call('PATCH', at(`/members/${guestId}`), {
      as: owner.token,
      body: { role: 'USER' },
    });
    expect(changed.body.data.member).toMatchObject({ userId: guestId, role: 'viewer' });
    for (const as of [token, key]) {
      expect((await fixture.call('GET', at('/members'), { as })).status).toBe(403);
      expect((await fixture.call('GET', '/api/sessions', { as })).status).toBe(200);
    }
    expect((await fixture.call('GET', `/api/invitations/${invited.body.data.token}`)).status).toBe(404);
    // For good: a key does not become more again with its maker.
    await fixture.call('PATCH', at(`/members/${guestId}`), { as: owner.token, body: { role: 'owner' } });
    expect((await fixture.call('GET', at('/members'), { as: token })).status).toBe(200);
    expect((await fixture.call('GET', at('/members'), { as: key })).status).toBe(403);
    // What changes nothing is no change.
    await fixture.call('PATCH', at(`/members/${guestId}`), { as: owner.token, body: { role: 'admin' } });
    expect((await audit('member.role_changed')).map(({ before, after }) => [before.role, after.role])).toEqual([
      ['owner', 'viewer'],
      ['viewer', 'owner'],
    ]);
  });

  it.each(['revoke', 'transfer'] as const)('are removed at once; their keys: %s', async (keys) => {
    const token = await join('owner');
    const guestId = await idOf(guest);
    const key = (await fixture.call('POST', '/api/keys', { as: token, body: { name: 'Theirs' } })).body.data;
    const removed = await fixture.call('DELETE', at(`/members/${guestId}?keys=${keys}`), { as: owner.token });
    expect(removed.body.data).toEqual({
      userId: guestId,
      removed: true,
      keys: keys === 'revoke' ? { revoked: 1, transferred: 0 } : { revoked: 0, transferred: 1 },
    });
    expect((await fixture.call('GET', '/api/sessions', { as: token })).status).toBe(401);
    expect((await fixture.call('GET', at(), { as: guest.token })).status).toBe(404);
    expect((await fixture.call('GET', '/api/sessions', { as: key.apiKey })).status).toBe(keys === 'revoke' ? 401 : 200);
    const shown = (await fixture.call('GET', `/api/keys/${key.key.id}`, { as: owner.token })).body.data.key;
    expect([shown.status, shown.createdBy.email]).toEqual(
      keys === 'revoke' ? ['revoked', guest.email] : ['active', owner.email],
    );
    expect((await fixture.call('DELETE', at(`/members/${guestId}`), { as: owner.token })).body.code).toBe(
      'MEMBER_NOT_FOUND',
    );
    expect((await audit('member.removed'))[0].before).toMatchObject({ email: guest.email, role: 'owner' });
  });

  it('leave by themselves, whatever their role', async () => {
    await join('viewer');
    expect((await fixture.call('POST', at('/leave'), { as: guest.token })).status).toBe(200);
    expect((await fixture.call('POST', at('/leave'), { as: guest.token })).status).toBe(404);
    expect((await audit('member.removed'))[0].actor_name).toBe(guest.email);
  });

  it('who own the workspace cannot be removed, made less, or leave', async () => {
    const token = await join('owner');
    const ownerId = await idOf(owner);
    for (const answer of [
      await fixture.call('DELETE', at(`/members/${ownerId}`), { as: token }),
      await fixture.call('PATCH', at(`/members/${ownerId}`), { as: token, body: { role: 'viewer' } }),
      await fixture.call('PATCH', at(`/members/${ownerId}`), { as: owner.token, body: { role: 'viewer' } }),
      await fixture.call('POST', at('/leave'), { as: owner.token }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([409, 'LAST_OWNER']);
    }
  });

  it('are unknown in other workspaces', async () => {
    const otherId = await idOf(guest);
    for (const id of [otherId, 'nobody', 'a%00b']) {
      const answer = await fixture.call('DELETE', at(`/members/${id}`), { as: owner.token });
      expect([answer.status, answer.body.code]).toEqual([404, 'MEMBER_NOT_FOUND']);
    }
  });
});
