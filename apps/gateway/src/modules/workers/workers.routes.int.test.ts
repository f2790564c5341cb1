import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOIN_TOKEN } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { startWorkerStandIn, type WorkerStandIn } from '../../testing/worker-stand-in.ts';

const fixture = useGateway();
let worker: WorkerStandIn;
beforeAll(async () => {
  worker = await startWorkerStandIn(fixture.masterKey, 'worker-001');
});
afterAll(async () => {
  await worker?.close();
});

const register = (
  body: Record<string, unknown>,
  headers: Record<string, string> = { authorization: `Bearer ${JOIN_TOKEN}` },
) => fixture.call('POST', '/api/admin/workers/register', { headers, body });
const listed = async () =>
  (await fixture.call('GET', '/api/admin/workers', { as: await fixture.adminToken() })).body.data.workers;

describe('registering (MR-015, MR-148, MR-165)', () => {
  it('gives a token and begins an incarnation with a lease, each time anew', async () => {
    const body = {
      workerId: 'worker-001',
      endpoint: `${worker.endpoint}/`,
      maxSessions: 20,
      network: 'sandbox',
      revision: '1.2',
    };
    const first = await register(body);
    expect(first.status).toBe(201);
    expect(first.body.data).toMatchObject({ workerId: 'worker-001', status: 'registered', incarnation: 1 });
    expect(first.body.data.token).toMatch(/^wag_wk_/);
    const second = await register(body, { 'x-worker-token': JOIN_TOKEN });
    expect(second.body.data.incarnation).toBe(2);
    // Nobody renews it here, and on a busy machine the tests last longer than a lease.
    await fixture.database.pool.query(`UPDATE worker_leases SET expires_at = now() + interval '1 hour'`);
    expect(await listed()).toMatchObject([
      {
        id: 'worker-001',
        endpoint: worker.endpoint,
        status: 'online',
        sessionCount: 0,
        maxSessions: 20,
        network: 'sandbox',
      },
    ]);
  });

  it.each([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['a token of a user', { authorization: 'Bearer eyJ.a.b' }],
  ])('is refused with %s', async (_what, headers) => {
    const answer = await register({ workerId: 'x', endpoint: worker.endpoint }, headers as Record<string, string>);
    expect([answer.status, answer.body.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it.each(['broadcast', 'metrics', 'rebalance', 'register'])(
    'is refused under the name %s, which stands for something else in the paths of the API',
    async (workerId) => {
      const { status, body } = await register({ workerId, endpoint: worker.endpoint });
      expect([status, body.code]).toEqual([400, 'VALIDATION']);
      const as = await fixture.adminToken();
      const added = await fixture.call('POST', '/api/admin/workers', {
        as,
        body: { workerId, endpoint: worker.endpoint },
      });
      expect([added.status, added.body.code]).toEqual([400, 'VALIDATION']);
    },
  );

  it('is refused when the worker does not answer at its endpoint (MR-091)', async () => {
    const gone = await startWorkerStandIn(fixture.masterKey, 'gone');
    await gone.close();
    const { status, body } = await register({ workerId: 'gone', endpoint: gone.endpoint });
    expect([status, body.code]).toEqual([400, 'WORKER_UNREACHABLE']);
    expect((await listed()).map(({ id }: { id: string }) => id)).not.toContain('gone');
  });

  it('is refused for the endpoint of another worker', async () => {
    worker.be({ workerId: 'worker-002' });
    const { status, body } = await register({ workerId: 'worker-002', endpoint: worker.endpoint });
    expect([status, body.code]).toEqual([409, 'WORKER_ENDPOINT_TAKEN']);
    worker.be({});
  });

  it('is refused while another process holds the lease, at another endpoint (I3)', async () => {
    const elsewhere = await startWorkerStandIn(fixture.masterKey, 'worker-001');
    const { status, body, headers } = await register({ workerId: 'worker-001', endpoint: elsewhere.endpoint });
    await elsewhere.close();
    expect([status, body.code, headers['retry-after']]).toEqual([409, 'WORKER_LEASE_HELD', '5']);
    expect(await listed()).toMatchObject([{ id: 'worker-001', endpoint: worker.endpoint }]);
  });

  it.each([
    ['does not know the master key', null],
    ['is another worker', { workerId: 'worker-009' }],
  ])('is refused when what answers there %s', async (_what, claim) => {
    worker.be(claim);
    const { status, body } = await register({ workerId: 'worker-001', endpoint: worker.endpoint });
    worker.be({});
    expect([status, body.code]).toEqual([400, 'WORKER_UNREACHABLE']);
    expect(body.error).toContain('does not prove to be worker-001');
  });

  it.each([
    [{ workerId: 'a b', endpoint: 'http://127.0.0.1:1' }],
    [{ workerId: 'a', endpoint: 'ftp://127.0.0.1' }],
    [{ workerId: 'a', endpoint: 'http://127.0.0.1:1/path' }],
    [{ workerId: 'a', endpoint: 'http://127.0.0.1:1', maxSessions: 0 }],
  ])('is refused for %j', async (body) => {
    expect((await register(body)).status).toBe(400);
  });
});

describe('a heartbeat (MR-018, MR-121)', () => {
  const metrics = { sessionCount: 25, cpuUsage: 45.5, memoryUsage: 67.8 };
  const beat = (token: string, id = 'worker-001') =>
    fixture.call('PUT', `/api/admin/workers/${id}/heartbeat`, { as: token, body: { status: 'online', metrics } });

  it('keeps one row a minute, and does not touch the lease', async () => {
    const { token } = (await register({ workerId: 'worker-001', endpoint: worker.endpoint })).body.data;
    const lease = async () =>
      (await fixture.database.pool.query(`SELECT * FROM worker_leases WHERE worker_id = 'worker-001'`)).rows;
    const before = await lease();
    await beat(token);
    const { status, body } = await beat(token);
    expect([status, body]).toEqual([200, { success: true, status: 'success', message: 'Heartbeat updated' }]);
    const { rows } = await fixture.database.pool.query(
      'SELECT session_count, cpu_usage, memory_usage FROM worker_metrics',
    );
    expect(rows.length).toBeGreaterThanOrEqual(1);
    expect(rows.length).toBeLessThanOrEqual(2); // a minute may have ended in between
    expect(rows[0]).toEqual({ session_count: 25, cpu_usage: 45.5, memory_usage: 67.8 });
    expect(await lease()).toEqual(before);
  });

  it('is refused with the token of a former life, the join token, or for another worker', async () => {
    const old = (await register({ workerId: 'worker-001', endpoint: worker.endpoint })).body.data.token;
    const { token } = (await register({ workerId: 'worker-001', endpoint: worker.endpoint })).body.data;
    for (const [given, id] of [[old], [JOIN_TOKEN], [token, 'worker-999']]) {
      expect((await beat(given!, id)).status).toBe(401);
    }
  });
});

describe('the list of workers (MR-017)', () => {
  it('is for administrators (MR-147)', async () => {
    const user = await fixture.register();
    expect((await fixture.call('GET', '/api/admin/workers', { as: user.token })).status).toBe(403);
    expect((await fixture.call('GET', '/api/admin/workers')).status).toBe(401);
  });

  it('shows who is offline and who is in maintenance', async () => {
    await fixture.database.pool.query('UPDATE worker_leases SET expires_at = now()');
    expect(await listed()).toMatchObject([{ status: 'offline', state: 'offline' }]);
    await fixture.database.pool.query(
      `UPDATE worker_leases SET expires_at = now() + interval '1 hour', runtime_state = 'DRAINING'`,
    );
    expect(await listed()).toMatchObject([{ status: 'online', state: 'stopping' }]);
  });
});

describe('cordon, uncordon, drain (MR-020)', () => {
  const act = async (action: string, id = 'worker-001') =>
    fixture.call('POST', `/api/admin/workers/${id}/${action}`, { as: await fixture.adminToken() });

  it.each([
    ['cordon', 'maintenance', 'cordoned', 'CORDONED'],
    ['drain', 'maintenance', 'draining', 'DRAINING'],
    ['uncordon', 'online', 'ready', 'ACTIVE'],
  ])('%s answers the worker as the list shows it', async (action, status, state, stored) => {
    await fixture.database.pool.query(
      `UPDATE worker_leases SET expires_at = now() + interval '1 hour', runtime_state = 'READY'`,
    );
    const answer = await act(action);
    expect([answer.status, answer.body.data]).toMatchObject([200, { id: 'worker-001', status, state }]);
    expect([answer.body.data]).toEqual(await listed());
    const { rows } = await fixture.database.pool.query('SELECT admin_state FROM workers');
    expect(rows).toEqual([{ admin_state: stored }]);
  });

  it('is 404 for a worker that nobody knows, and for administrators only (MR-147)', async () => {
    const unknown = await act('cordon', 'nobody');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'WORKER_NOT_FOUND']);
    const user = await fixture.register();
    const refused = await fixture.call('POST', '/api/admin/workers/worker-001/cordon', { as: user.token });
    expect(refused.status).toBe(403);
  });
});
