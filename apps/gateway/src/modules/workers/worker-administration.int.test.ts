import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CallOptions, type GatewayFixture, JOIN_TOKEN } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { startWorkerStandIn, type WorkerStandIn } from '../../testing/worker-stand-in.ts';

const fixture = useGateway();
let worker: WorkerStandIn;
let admin: string;
beforeAll(async () => {
  admin = await fixture.adminToken();
});
beforeEach(async () => {
  await fixture.database.pool.query('DELETE FROM session_placements; DELETE FROM workers; DELETE FROM removed_workers');
  worker = await startWorkerStandIn(fixture.masterKey, 'w1');
  return () => worker.close();
});

type Method = Parameters<GatewayFixture['call']>[0];
const call = (method: Method, path = '', options: CallOptions = {}) =>
  fixture.call(method, `/api/admin/workers${path}`, { as: admin, ...options });
const add = (body: Record<string, unknown>) => call('POST', '', { body });
const register = (body: Record<string, unknown> = {}) =>
  call('POST', '/register', { as: JOIN_TOKEN, body: { workerId: 'w1', endpoint: worker.endpoint, ...body } });
const auditOf = async (workerId: string) =>
  (
    await fixture.database.pool.query(
      `SELECT a.action, a.actor_kind AS kind, a.actor_name AS name, a.before, a.after FROM audit_logs a
       WHERE a.resource_id = $1 AND a.action <> 'worker.registered' ORDER BY a.id`,
      [workerId],
    )
  ).rows;

describe('adding a worker (MR-016, C11)', () => {
  it('makes it pending until it registers, then what was set comes before what it says', async () => {
    const added = await add({ workerId: 'w1', endpoint: worker.endpoint, maxSessions: 20, network: 'live' });
    expect([added.status, added.body.data]).toMatchObject([
      201,
      { workerId: 'w1', id: 'w1', endpoint: worker.endpoint, status: 'pending', state: 'pending', maxSessions: 20 },
    ]);
    await register({ maxSessions: 80 });
    const { body } = await call('GET', '/w1');
    expect(body.data).toMatchObject({ id: 'w1', status: 'online', state: 'ready', maxSessions: 20 });
    expect((await call('GET', '/w1', { as: (await fixture.register()).token })).status).toBe(403);
  });

  it('that runs already and was only waiting for it, answers as online, as in the brief', async () => {
    await register();
    await call('DELETE', '/w1');
    expect((await register()).body.code).toBe('WORKER_REMOVED');
    const adding = add({ endpoint: worker.endpoint, maxSessions: 20 });
    // As a worker does, each second or so.
    let status = 0;
    while (status !== 201) ({ status } = await register());
    expect((await adding).body.data).toMatchObject({ workerId: 'w1', endpoint: worker.endpoint, status: 'online' });
  });

  it('at an endpoint where nobody answers yet, goes over to whoever registers from there', async () => {
    const { endpoint } = worker;
    await worker.close();
    const { body } = await add({ endpoint: `${endpoint}/`, description: 'rack 3' });
    expect(body.data).toMatchObject({ endpoint, status: 'pending', workerId: expect.stringMatching(/^worker-ext-/) });
    worker = await startWorkerStandIn(fixture.masterKey, 'w1');
    await fixture.database.pool.query('UPDATE workers SET endpoint = $1', [worker.endpoint]);
    await register();
    const listed = (await call('GET')).body.data.workers;
    expect(listed).toMatchObject([{ id: 'w1', status: 'online', description: 'rack 3' }]);
  });

  it.each([
    ['http://169.254.169.254', 'WORKER_ENDPOINT_REFUSED'],
    ['http://203.0.113.45:8001', 'WORKER_ENDPOINT_REFUSED'],
    ['http://0.0.0.0:8001', 'WORKER_ENDPOINT_REFUSED'],
    ['http://me:secret@127.0.0.1:8001', 'WORKER_ENDPOINT_REFUSED'],
    ['http://127.0.0.1:99999', 'WORKER_ENDPOINT_REFUSED'],
    ['ftp://127.0.0.1', 'VALIDATION'],
    ['http://127.0.0.1/path', 'VALIDATION'],
  ])('refuses the endpoint %s, as registering does', async (endpoint, code) => {
    const added = await add({ endpoint });
    const registered = await register({ endpoint });
    for (const { status, body } of [added, registered]) expect([status, body.code]).toEqual([400, code]);
    expect((await call('GET')).body.data.workers).toEqual([]);
  });

  it('is refused for an id or an endpoint that is there', async () => {
    await register();
    const sameId = await add({ workerId: 'w1', endpoint: 'http://127.0.0.1:9' });
    const sameEndpoint = await add({ workerId: 'w2', endpoint: worker.endpoint });
    expect([sameId.status, sameId.body.code]).toEqual([409, 'WORKER_EXISTS']);
    expect([sameEndpoint.status, sameEndpoint.body.code]).toEqual([409, 'WORKER_ENDPOINT_TAKEN']);
  });

  it('is for administrators only (MR-147)', async () => {
    const user = await fixture.register();
    const { status } = await call('POST', '', { as: user.token, body: { endpoint: worker.endpoint } });
    expect([status, (await call('GET')).body.data.workers]).toEqual([403, []]);
  });
});

describe('changing a worker', () => {
  it('sets its capacity and its description, for good, and says in the audit log what they were', async () => {
    await register({ maxSessions: 50 });
    const { status, body } = await call('PATCH', '/w1', { body: { maxSessions: 7, description: 'rack 3' } });
    expect([status, body.data]).toMatchObject([200, { id: 'w1', maxSessions: 7, description: 'rack 3' }]);
    await register({ maxSessions: 50 });
    expect((await call('GET', '/w1')).body.data).toMatchObject({ maxSessions: 7, description: 'rack 3' });
    await call('PATCH', '/w1', { body: { description: null } });
    expect((await auditOf('w1')).slice(-2)).toMatchObject([
      {
        action: 'worker.updated',
        kind: 'user',
        name: 'admin@example.test',
        before: { maxSessions: 50, description: null },
        after: { maxSessions: 7, description: 'rack 3' },
      },
      { before: { description: 'rack 3' }, after: { description: null } },
    ]);
  });

  it('I9 moves the sessions that are too much, and refuses when nobody has room for them', async () => {
    await register();
    const user = await fixture.register();
    for (let n = 0; n < 3; n += 1) await fixture.createSession(user);
    const alone = await call('PATCH', '/w1', { body: { maxSessions: 1 } });
    expect([alone.status, alone.body.code, alone.body.details.sessionsWithoutRoom]).toEqual([
      409,
      'WORKER_TOO_SMALL',
      2,
    ]);
    await fixture.startWorker('w2');
    expect((await call('PATCH', '/w1', { body: { maxSessions: 1 } })).body.data.sessionCount).toBe(1);
    expect((await call('GET', '/w2')).body.data.sessionCount).toBe(2);
  });

  it.each([
    {},
    { maxSessions: 0 },
    { maxSessions: 1.5 },
    { endpoint: 'http://127.0.0.1:1' },
    { description: 'a\u0000b' },
  ])('refuses %j', async (body) => {
    await register();
    expect((await call('PATCH', '/w1', { body })).status).toBe(400);
  });

  it('knows whom it does not know', async () => {
    for (const [method, path, body] of [
      ['GET', '/nobody', undefined],
      ['PATCH', '/nobody', { maxSessions: 1 }],
      ['DELETE', '/nobody', undefined],
      ['POST', '/nobody/maintenance', undefined],
      ['DELETE', '/nobody/maintenance', undefined],
      ['GET', '/nobody/metrics', undefined],
    ] as const) {
      const answer = await call(method, path, { body });
      expect([answer.status, answer.body.code]).toEqual([404, 'WORKER_NOT_FOUND']);
    }
    expect((await call('GET', '/a%00b')).status).toBe(400);
  });
});

describe('maintenance (MR-020)', () => {
  it('lasts over a restart of the worker, gets no sessions, and ends when it is ended', async () => {
    await register();
    const begun = await call('POST', '/w1/maintenance');
    expect([begun.status, begun.body.data]).toMatchObject([200, { status: 'maintenance', state: 'maintenance' }]);
    await register();
    expect((await call('GET', '/w1')).body.data).toMatchObject({ status: 'maintenance', state: 'maintenance' });
    const session = await fixture.createSession(await fixture.register());
    const placed = async () =>
      (await fixture.database.pool.query('SELECT state FROM session_placements WHERE session_id = $1', [session.id]))
        .rows[0].state;
    expect(await placed()).toBe('UNASSIGNED');
    const ended = await call('DELETE', '/w1/maintenance');
    expect([ended.status, ended.body.data]).toMatchObject([200, { status: 'online', state: 'ready' }]);
    expect((await auditOf('w1')).slice(-2)).toMatchObject([
      { action: 'worker.maintenance_begun', before: { adminState: 'ACTIVE' }, after: { adminState: 'MAINTENANCE' } },
      { action: 'worker.maintenance_ended', before: { adminState: 'MAINTENANCE' }, after: { adminState: 'ACTIVE' } },
    ]);
  });

  it('that is ended does not end something else', async () => {
    await register();
    await call('POST', '/w1/cordon');
    expect((await call('DELETE', '/w1/maintenance')).body.data.state).toBe('cordoned');
    expect((await call('POST', '/w1/uncordon')).body.data.state).toBe('ready');
  });
});
