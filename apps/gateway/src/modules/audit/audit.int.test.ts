import { beforeAll, describe, expect, it } from 'vitest';
import { createGatewayFixture, type TestSession, type TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';
import { SYSTEM_ACTOR, writeAudit } from './write-audit.ts';

const fixture = useGateway();
let admin: string;
let user: TestUser;
let other: TestUser;
let session: TestSession;
let worker: WorkerStandIn;
beforeAll(async () => {
  admin = await fixture.adminToken();
  worker = await fixture.startWorker('worker-1');
  // Nobody renews it here, and on a busy machine the tests last longer than a lease.
  await fixture.database.pool.query(`UPDATE worker_leases SET expires_at = now() + interval '1 hour'`);
  [user, other] = [await fixture.register(), await fixture.register()];
  session = await fixture.createSession(user, { sessionId: 'mine' });
  await fixture.createSession(other, { sessionId: 'theirs' });
});

interface Entry {
  id: string;
  action: string;
  actor: { kind: string; name: string | null; userId: string | null };
  resource: { type: string; id: string | null };
  workspaceId: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}
const read = async (path: string, as: string): Promise<{ auditLogs: Entry[]; pagination: { nextCursor: string } }> => {
  const { status, body } = await fixture.call('GET', path, { as });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data;
};
const mine = async (query = '') => (await read(`/api/audit-logs${query}`, user.token)).auditLogs;
const all = async (query = '') => (await read(`/api/admin/audit-logs${query}`, admin)).auditLogs;
const actions = (entries: Entry[]) => entries.map(({ action }) => action);

describe('the audit log (MR-054, MR-138, MR-162)', () => {
  it('of a workspace has who did what to which, when, and from where', async () => {
    const [entry] = await mine('?action=session.created');
    expect(entry).toMatchObject({
      action: 'session.created',
      actor: { kind: 'user', name: user.email, keyId: null },
      resource: { type: 'session', id: session.id },
      ip: '127.0.0.1',
      before: null,
      after: { sessionId: 'mine', name: 'Test', network: 'SANDBOX' },
    });
  });

  it('of a workspace has nothing of another one; administrators see all', async () => {
    const ids = new Set((await mine()).map(({ workspaceId }) => workspaceId));
    expect(ids.size).toBe(1);
    expect(actions(await read('/api/audit-logs', other.token).then(({ auditLogs }) => auditLogs))).toContain(
      'session.created',
    );
    expect(await all('?action=session.created')).toHaveLength(2);
    const [workspace] = ids;
    expect(await all(`?action=session.created&workspace=${workspace}`)).toHaveLength(1);
  });

  it('is for owners, not for session keys, and all of it for administrators alone', async () => {
    const ask = async (path: string, as?: string) => (await fixture.call('GET', path, as ? { as } : {})).status;
    expect(await ask('/api/audit-logs', user.apiKey)).toBe(200);
    expect(await ask('/api/audit-logs', session.key)).toBe(403);
    expect(await ask('/api/audit-logs')).toBe(401);
    expect(await ask('/api/admin/audit-logs', user.token)).toBe(403);
    await fixture.database.pool.query(
      `UPDATE workspace_members SET role = 'VIEWER' WHERE user_id = (SELECT id FROM users WHERE email = $1)`,
      [other.email],
    );
    const viewer = await fixture.call('POST', '/api/auth/login', {
      body: { email: other.email, password: 'correct horse' },
    });
    const gateway = await createGatewayFixture({}, { beside: fixture });
    expect((await gateway.call('GET', '/api/audit-logs', { as: viewer.body.data.token })).status).toBe(403);
    await gateway.close();
  });

  it('is filtered by action, kind of action, actor, resource and time', async () => {
    await fixture.call('PUT', '/api/sessions/mine/webhook', {
      as: session.key,
      body: { url: 'https://example.com/a' },
    });
    const [webhook] = await mine('?action=webhook.set');
    expect(webhook!.actor.kind).toBe('key');
    expect(actions(await mine('?action=session.*'))).toEqual(['session.created']);
    expect(await mine('?action=session')).toEqual([]);
    const [created] = await mine('?action=session.created');
    const { userId } = created!.actor;
    expect(actions(await mine(`?actor=${userId}`))).toContain('session.created');
    expect(await mine(`?actor=${encodeURIComponent(other.email)}`)).toEqual([]);
    expect(actions(await mine(`?actor=${encodeURIComponent(user.email)}&action=session.*`))).toEqual([
      'session.created',
    ]);
    expect(actions(await mine('?resource=webhook'))).toEqual(['webhook.set']);
    expect(actions(await mine(`?resource=session:${session.id}`))).toEqual(['session.created']);
    const now = new Date(Date.now() + 1_000).toISOString();
    expect(await mine(`?from=${now}`)).toEqual([]);
    expect((await mine(`?to=${now}`)).length).toBeGreaterThan(1);
  });

  it('is read page by page, newest first, without a gap or a repetition', async () => {
    for (let n = 0; n < 25; n += 1) {
      await writeAudit(fixture.database.pool, SYSTEM_ACTOR, {
        action: 'page.turned',
        resourceType: 'page',
        resourceId: String(n),
      });
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await read(
        `/api/admin/audit-logs?action=page.turned&limit=10${cursor ? `&cursor=${cursor}` : ''}`,
        admin,
      );
      seen.push(...page.auditLogs.map(({ resource }) => resource.id!));
      cursor = page.pagination.nextCursor;
    } while (cursor);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => String(24 - n)));
  });

  it.each([
    'cursor=x',
    'from=yesterday',
    'to=2026-13-01T00:00:00Z',
    'action=a.b.c',
    'action=%00',
    'actor=%00',
    'resource=%00',
    'limit=0',
  ])('refuses %s', async (query) => {
    expect((await fixture.call('GET', `/api/audit-logs?${query}`, { as: user.token })).status).toBe(400);
  });

  it('masks secrets, in fields and inside texts', async () => {
    const secret = 'whsec_of-sixteen-or-more-letters';
    const url = 'https://hook:pass-of-hook@example.com/x?token=token-of-hook';
    await fixture.call('PUT', '/api/sessions/mine/webhook', { as: session.key, body: { url, secret } });
    await writeAudit(fixture.database.pool, SYSTEM_ACTOR, {
      action: 'secret.kept',
      resourceType: 'secret',
      before: { passwordHash: 'leak-1', nested: { apiKey: 'leak-2', list: [{ refreshToken: 'leak-3' }] } },
      after: { note: `Bearer wag_live_abcdefgh_${'l'.repeat(43)}`, at: new Date(0), password: null },
    });
    const { rows } = await fixture.database.pool.query('SELECT before, after FROM audit_logs');
    expect(JSON.stringify(rows)).not.toMatch(/leak|llll|of-sixteen|of-hook/);
    const [kept] = await all('?action=secret.kept');
    expect(kept!.after).toMatchObject({ at: '1970-01-01T00:00:00.000Z', password: null });
  });

  it('shows before and after of a change', async () => {
    await fixture.call('DELETE', '/api/sessions/mine/webhook', { as: session.key });
    const [deleted] = await mine('?action=webhook.deleted');
    expect(deleted).toMatchObject({ before: { events: ['*'], isActive: true }, after: null });
  });

  it('is not written for what did not happen', async () => {
    const before = (await all('?action=session.*&limit=200')).length;
    const again = await fixture.call('POST', '/api/sessions', {
      as: user.token,
      body: { name: 'Twice', sessionId: 'mine' },
    });
    expect(again.status).toBe(409);
    expect((await all('?action=session.*&limit=200')).length).toBe(before);
  });

  it('stands in for the change: what cannot be written down is not done, here or at the owner', async () => {
    const refuse = (action: string) =>
      fixture.database.pool.query(
        `ALTER TABLE audit_logs ADD CONSTRAINT refused CHECK (action <> '${action}') NOT VALID`,
      );
    const allow = () => fixture.database.pool.query('ALTER TABLE audit_logs DROP CONSTRAINT refused');
    await refuse('session.created');
    const body = { name: 'Unwritten', sessionId: 'unwritten' };
    expect((await fixture.call('POST', '/api/sessions', { as: user.token, body })).status).toBe(500);
    await allow();
    expect((await fixture.call('GET', '/api/sessions/unwritten', { as: user.token })).status).toBe(404);

    await refuse('session.logged_out');
    const calls = worker.calls.length;
    expect((await fixture.call('POST', '/api/sessions/mine/logout', { as: user.token, body: {} })).status).toBe(500);
    await allow();
    expect(worker.calls).toHaveLength(calls);
  });

  it('says before the owner is asked what is asked of it, whatever comes of it', async () => {
    const answer = await fixture.call('POST', '/api/sessions/mine/restart', { as: user.token, body: {} });
    expect(answer.status).toBe(200);
    expect(actions(await mine(`?resource=session:${session.id}`))[0]).toBe('session.restarted');
  });
});
