import { beforeAll, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let admin: string;
let users: TestUser[];
let sessions: TestSession[];
beforeAll(async () => {
  admin = await fixture.adminToken();
  await fixture.startWorker('worker-1');
  // Nobody renews it here, and on a busy machine the tests last longer than a lease.
  await fixture.database.pool.query(`UPDATE worker_leases SET expires_at = now() + interval '1 hour'`);
  users = [await fixture.register(), await fixture.register()];
  sessions = [
    await fixture.createSession(users[0]!, { name: 'Shop 50%', sessionId: 'shop' }),
    await fixture.createSession(users[0]!, { name: 'Support', sessionId: 'support' }),
    await fixture.createSession(users[1]!, { name: 'Shop', sessionId: 'shop' }),
  ];
  await fixture.setState(sessions[1]!, 'CONNECTED');
  await fixture.database.pool.query(`UPDATE sessions SET phone_number = '6281234567890' WHERE id = $1`, [
    sessions[1]!.id,
  ]);
});

const get = (path: string, as = admin) => fixture.call('GET', `/api/admin/sessions${path}`, { as });

describe('sessions of all accounts', () => {
  const found = async (query: string) => {
    const { status, body } = await get(`?${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body.data.sessions.map(({ id }: { id: string }) => sessions.findIndex((session) => session.id === id));
  };

  it('are listed with whose they are, also those of one name in two workspaces (MR-096)', async () => {
    const { body } = await get('?limit=2');
    expect(body.data.pagination).toEqual({ total: 3, page: 1, limit: 2, totalPages: 2 });
    expect(body.data.sessions[0]).toMatchObject({
      id: sessions[2]!.id,
      sessionId: 'shop',
      status: 'initializing',
      workerId: 'worker-1',
      owner: { email: users[1]!.email, tier: 'max', isActive: true },
    });
    expect(await found('page=2&limit=2')).toEqual([0]);
  });

  it('are found by name, sessionId, number, owner, status, worker and account; the search is literal', async () => {
    expect(await found('search=SHOP')).toEqual([2, 0]);
    expect(await found('search=50%25')).toEqual([0]);
    expect(await found('search=_')).toEqual([]);
    expect(await found('search=%2B62812')).toEqual([1]);
    expect(await found(`search=${users[1]!.email}`)).toEqual([2]);
    expect(await found('status=connected')).toEqual([1]);
    expect(await found('status=INIT')).toEqual([2, 0]);
    expect(await found('worker=worker-1')).toEqual([2, 1, 0]);
    expect(await found('worker=worker-2')).toEqual([]);
    const { body } = await get('?limit=1');
    expect(await found(`user=${body.data.sessions[0].owner.id}`)).toEqual([2]);
  });

  it.each(['status=lost', 'user=nobody', 'search=%00', 'limit=0'])('refuse %s', async (query) => {
    expect((await get(`?${query}`)).status).toBe(400);
  });

  it('are nothing for others than administrators', async () => {
    expect((await get('', users[0]!.token)).status).toBe(403);
    expect((await get(`/${sessions[0]!.id}`, users[0]!.apiKey)).status).toBe(403);
    expect((await get(`/${sessions[0]!.id}`, sessions[0]!.key)).status).toBe(403);
  });
});

describe('one session by its internal id', () => {
  it('shows where it is placed and what it has', async () => {
    const { status, body } = await get(`/${sessions[1]!.id}`);
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      sessionId: 'support',
      status: 'connected',
      phoneNumber: '+6281234567890',
      desiredState: 'running',
      placement: { state: 'assigned', epoch: 1, workerId: 'worker-1' },
      counts: { messagesToday: 0, queued: 0, apiKeys: 1 },
    });
  });

  it.each(['support', '01995a3c-7d2e-7b41-9c55-2f1d6a9e8b10', '%00'])('is a 404 for %s', async (id) => {
    const { status, body } = await get(`/${id}`);
    expect([status, body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
    expect(body.error).toContain('internal id');
  });
});
