import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';

const fixture = useGateway();
let worker: WorkerStandIn;
let user: TestUser;
let workspaceId: string;
/** For the second workspace. */
let token: string;
beforeAll(async () => {
  worker = await fixture.startWorker('worker-001');
});
beforeEach(async () => {
  user = await fixture.register();
  const made = await fixture.call('POST', '/api/workspaces', { as: user.token, body: { name: 'Second' } });
  workspaceId = made.body.data.workspace.id;
  const switched = await fixture.call('POST', '/api/auth/switch', { as: user.token, body: { workspaceId } });
  token = switched.body.data.token;
});

const remove = (id: string, as: string) => fixture.call('DELETE', `/api/workspaces/${id}`, { as });

it('deletes everything in it, unlinks its devices, and its keys and tokens die at once', async () => {
  const sessions = [];
  for (const sessionId of ['one', 'two']) {
    sessions.push(await fixture.createSession({ ...user, token }, { sessionId }));
  }
  worker.answer({ body: { unlinked: true } });
  const { status, body } = await remove(workspaceId, token);
  expect([status, body.data]).toEqual([
    200,
    {
      workspaceId,
      deleted: true,
      sessions: [
        { sessionId: 'one', unlinked: true },
        { sessionId: 'two', unlinked: true },
      ],
      deletionId: expect.any(String),
    },
  ]);
  for (const session of sessions) {
    expect((await fixture.call('GET', '/api/sessions', { as: session.key })).status).toBe(401);
    const placements = await fixture.database.pool.query('SELECT 1 FROM session_placements WHERE session_id = $1', [
      session.id,
    ]);
    expect(placements.rowCount).toBe(0);
  }
  expect((await fixture.call('GET', '/api/sessions', { as: token })).status).toBe(401);
  const { rows } = await fixture.database.pool.query(
    `SELECT action, before FROM audit_logs WHERE workspace_id = $1 AND action LIKE '%.deleted' ORDER BY id`,
    [workspaceId],
  );
  expect(rows.map(({ action }) => action)).toEqual(['session.deleted', 'session.deleted', 'workspace.deleted']);
  expect(rows[2].before).toEqual({ name: 'Second', sessions: ['one', 'two'] });
});

it('refuses to delete the last own workspace, before anything in it is touched', async () => {
  expect((await remove(workspaceId, user.token)).status).toBe(200);
  const [last] = (await fixture.call('GET', '/api/workspaces', { as: user.token })).body.data.workspaces;
  const session = await fixture.createSession(user);
  const { status, body } = await remove(last.id, user.token);
  expect([status, body.code]).toEqual([409, 'LAST_WORKSPACE']);
  expect((await fixture.call('GET', `/api/sessions/${session.slug}`, { as: user.token })).status).toBe(200);
});

it('leaves one of two that are deleted at the same time', async () => {
  const workspaces = (await fixture.call('GET', '/api/workspaces', { as: user.token })).body.data.workspaces;
  const answers = await Promise.all(workspaces.map(({ id }: { id: string }) => remove(id, user.token)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
});

it('is for the person whose workspace it is, and for nobody with the same role', async () => {
  const other = await fixture.register();
  const { body } = await fixture.call('POST', `/api/workspaces/${workspaceId}/invitations`, {
    as: token,
    body: { email: other.email, role: 'owner' },
  });
  await fixture.call('POST', `/api/invitations/${body.data.token}/accept`, { as: other.token });
  expect((await remove(workspaceId, other.token)).status).toBe(403);
  expect((await remove(workspaceId, user.apiKey)).status).toBe(403);
});
