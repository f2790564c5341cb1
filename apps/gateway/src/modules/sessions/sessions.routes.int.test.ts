import { waitFor } from '@wa-gate/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';

const fixture = useGateway();
let user: TestUser;
let other: TestUser;
let worker: WorkerStandIn;

beforeAll(async () => {
  [user, other] = [await fixture.register(), await fixture.register()];
  const early = await create({ name: 'Too early' });
  expect([early.status, early.body.code, early.headers['retry-after']]).toEqual([503, 'NO_WORKER', '5']);
  worker = await fixture.startWorker('worker-1');
});

const create = (body: Record<string, unknown>, as = user.token) => fixture.call('POST', '/api/sessions', { as, body });

describe('creating (MR-006)', () => {
  it('stores and places a session, and gives it a key of its network (MR-166, MR-172)', async () => {
    const { status, body } = await create({ name: 'Personal', sessionId: 'personal' });
    expect(status).toBe(201);
    expect(body.data).toMatchObject({
      sessionId: 'personal',
      status: 'initializing',
      workerId: 'worker-1',
      network: 'sandbox',
    });
    expect(body.data.apiKey).toMatch(/^wag_test_/);
    const { rows } = await fixture.database.pool.query(
      `SELECT p.state, p.epoch, k.is_primary, k.scope FROM sessions s JOIN session_placements p ON p.session_id = s.id
       JOIN session_counters c ON c.session_id = s.id JOIN api_keys k ON k.session_id = s.id WHERE s.slug = 'personal'`,
    );
    expect(rows).toEqual([{ state: 'ASSIGNED', epoch: 1, is_primary: true, scope: 'SESSION' }]);
  });

  it('notifies the worker that got it', async () => {
    const doorbells: string[] = [];
    const subscriber = fixture.redis.duplicate();
    await subscriber.connect();
    await subscriber.subscribe('wag:bell:worker:worker-1');
    subscriber.on('message', (channel) => doorbells.push(channel));
    await create({ name: 'Rings' });
    await waitFor(() => doorbells.length > 0);
    subscriber.disconnect();
  });

  it('makes a sessionId where none is given', async () => {
    const { body } = await create({ name: 'Nameless' });
    expect(body.data.sessionId).toMatch(/^session-[a-z2-9]{10}$/);
  });

  it('accepts a webhook, and shows its secret', async () => {
    const webhook = { url: 'https://example.com/hook', events: ['message.received'] };
    const { body } = await create({ name: 'Hooked', webhook });
    expect(body.data.webhook).toMatchObject(webhook);
    expect(body.data.webhook.secret).toMatch(/^whsec_/);
  });

  it('makes nothing when the webhook is refused', async () => {
    const { status, body } = await create({ name: 'x', sessionId: 'refused', webhook: { url: 'http://10.0.0.1/' } });
    expect([status, body.code]).toEqual([400, 'WEBHOOK_URL_REFUSED']);
    expect((await fixture.call('GET', '/api/sessions/refused', { as: user.token })).status).toBe(404);
  });

  it.each([
    [
      'a time zone that there is not',
      { calls: { reject: true, reply: null, hours: { from: '18:00', to: '08:00', zone: 'Mars/Base' } } },
    ],
    ['metadata that is too large', { metadata: { note: 'a'.repeat(2_048) } }],
    ['metadata that PostgreSQL could not store', { metadata: { note: 'a\u0000b' } }],
  ])('makes nothing with %s', async (_what, settings) => {
    const { status, body } = await create({ name: 'x', sessionId: 'refused', settings });
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
    expect((await fixture.call('GET', '/api/sessions/refused', { as: user.token })).status).toBe(404);
  });

  it('is refused for a sessionId that the workspace has, and only that workspace', async () => {
    await create({ name: 'a', sessionId: 'same' });
    const again = await create({ name: 'b', sessionId: 'same' });
    expect([again.status, again.body.code]).toEqual([409, 'SESSION_EXISTS']);
    expect((await create({ name: 'c', sessionId: 'same' }, other.token)).status).toBe(201);
  });

  it('waits for a worker when all are full (MR-170)', async () => {
    await fixture.database.pool.query('UPDATE workers SET max_sessions = 0');
    const { status, body } = await create({ name: 'Waits', sessionId: 'waits' });
    await fixture.database.pool.query('UPDATE workers SET max_sessions = 50');
    expect([status, body.data.status, body.data.workerId]).toEqual([201, 'initializing', null]);
  });

  it('is refused for a network without any worker, and nothing of it stays (MR-167)', async () => {
    const { status, body } = await create({ name: 'Live', sessionId: 'live', network: 'live' });
    expect([status, body.code]).toEqual([503, 'NO_WORKER']);
    expect((await fixture.call('GET', '/api/sessions/live', { as: user.token })).status).toBe(404);
    const { rows } = await fixture.database.pool.query(
      'SELECT 1 FROM api_keys k JOIN sessions s ON s.id = k.session_id WHERE s.slug = $1',
      ['live'],
    );
    expect(rows).toEqual([]);
  });

  it.each([['with/slash'], ['-dash'], [''], ['a'.repeat(65)], ['späce']])(
    'refuses the sessionId %j',
    async (sessionId) => {
      const { status, body } = await create({ name: 'x', sessionId });
      expect([status, body.code]).toEqual([400, 'VALIDATION']);
    },
  );

  it('is not for session keys', async () => {
    const session = await fixture.createSession(user);
    expect((await create({ name: 'x' }, session.key)).status).toBe(403);
  });
});

describe('reading (MR-007, MR-008)', () => {
  it('shows state, number and times', async () => {
    const session = await fixture.createSession(user);
    await fixture.setState(session, 'CONNECTED');
    await fixture.database.pool.query(
      `UPDATE sessions SET phone_number = '6281234567890', last_seen_at = '2026-01-15T10:30:00Z' WHERE id = $1`,
      [session.id],
    );
    const one = await fixture.call('GET', `/api/sessions/${session.slug}`, { as: session.key });
    expect(one.body.data).toMatchObject({
      id: session.slug,
      status: 'connected',
      state: 'connected',
      phoneNumber: '+6281234567890',
      lastSeenAt: '2026-01-15T10:30:00.000Z',
    });
    const status = await fixture.call('GET', `/api/v1/sessions/${session.slug}/status`, { as: session.key });
    expect(status.body.data).toMatchObject({ sessionId: session.slug, status: 'connected', code: null });
  });

  it("shows WhatsApp's time-lock while it holds, and its cap", async () => {
    const session = await fixture.createSession(user);
    const limits = async (path: string) => {
      const { body } = await fixture.call('GET', `/api/sessions/${session.slug}${path}`, { as: session.key });
      return { restriction: body.data.restriction, messageCapping: body.data.messageCapping };
    };
    const lock = (until: string) =>
      fixture.database.pool.query(
        `UPDATE sessions SET reachout_locked_until = $2, reachout_lock_type = 'DEFAULT', message_capping = $3 WHERE id = $1`,
        [session.id, until, { status: 'first_warning', used: 4, total: 5, cycleEndsAt: null }],
      );
    expect(await limits('')).toEqual({ restriction: null, messageCapping: null });
    await lock('2099-01-01T00:00:00Z');
    const messageCapping = { status: 'first_warning', used: 4, total: 5, cycleEndsAt: null };
    for (const path of ['', '/status']) {
      const restriction = { type: 'DEFAULT', until: '2099-01-01T00:00:00.000Z' };
      expect(await limits(path)).toEqual({ restriction, messageCapping });
    }
    await lock('2020-01-01T00:00:00Z');
    expect(await limits('/status')).toEqual({ restriction: null, messageCapping });
  });

  it.each([
    ['PASSKEY_REQUIRED', 'qr_required'],
    ['PASSKEY_CONFIRMATION_REQUIRED', 'qr_required'],
    ['STALE', 'reconnecting'],
  ] as const)('shows %s with its reason', async (name, status) => {
    const session = await fixture.createSession(user);
    await fixture.database.pool.query('UPDATE sessions SET state = $2, state_reason = $3 WHERE id = $1', [
      session.id,
      name,
      'What to do.',
    ]);
    const { body } = await fixture.call('GET', `/api/sessions/${session.slug}/status`, { as: session.key });
    expect(body.data).toMatchObject({ status, state: name.toLowerCase(), reason: 'What to do.' });
  });

  it('answers what belongs to others exactly like what does not exist', async () => {
    const session = await fixture.createSession(user, { sessionId: 'mine' });
    for (const path of ['', '/status', '/messages', '/webhook', '/qr']) {
      const forbidden = await fixture.call('GET', `/api/sessions/mine${path}`, { as: other.token });
      const unknown = await fixture.call('GET', `/api/sessions/none${path}`, { as: other.token });
      expect(forbidden.status).toBe(404);
      expect({ ...forbidden.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });
      expect((await fixture.call('GET', `/api/sessions/${session.id}${path}`, { as: user.token })).status).toBe(404);
    }
  });

  it('gives a session key its own session only', async () => {
    const mine = await fixture.createSession(user);
    const another = await fixture.createSession(user);
    expect((await fixture.call('GET', `/api/sessions/${another.slug}`, { as: mine.key })).status).toBe(404);
    const { body } = await fixture.call('GET', '/api/sessions', { as: mine.key });
    expect(body.data.sessions.map((session: { id: string }) => session.id)).toEqual([mine.slug]);
  });

  it('lets administrators use the internal id', async () => {
    const session = await fixture.createSession(user);
    const { body } = await fixture.call('GET', `/api/sessions/${session.id}`, { as: await fixture.adminToken() });
    expect(body.data.id).toBe(session.slug);
  });

  it('lists by page and by status (MR-096)', async () => {
    const somebody = await fixture.register();
    const made = [];
    for (let i = 0; i < 3; i += 1) made.push(await fixture.createSession(somebody));
    await fixture.setState(made[0]!, 'CONNECTED');
    const list = async (query: string) =>
      (await fixture.call('GET', `/api/sessions?${query}`, { as: somebody.token })).body.data;
    const page = await list('limit=2&page=2');
    expect(page.pagination).toEqual({ total: 3, page: 2, limit: 2, totalPages: 2 });
    expect(page.sessions.map(({ id }: { id: string }) => id)).toEqual([made[0]!.slug]);
    expect((await list('status=connected')).sessions).toHaveLength(1);
    expect((await list('status=INIT')).sessions).toHaveLength(2);
    expect((await fixture.call('GET', '/api/sessions?limit=0', { as: somebody.token })).status).toBe(400);
  });
});

describe('deleting (MR-009)', () => {
  const rowsOf = async (id: string) =>
    (await fixture.database.pool.query('SELECT 1 FROM sessions WHERE id = $1', [id])).rowCount;

  it('unlinks the device, deletes everything, and its key dies at once', async () => {
    const session = await fixture.createSession(user);
    await fixture.call('GET', `/api/sessions/${session.slug}`, { as: session.key });
    worker.answer({ body: { unlinked: true } });
    const { status, body } = await fixture.call('DELETE', `/api/sessions/${session.slug}`, { as: user.token });
    expect([status, body.data]).toEqual([
      200,
      { sessionId: session.slug, deleted: true, unlinked: true, deletionId: expect.any(String) },
    ]);
    expect(worker.calls.at(-1)).toMatchObject({
      method: 'POST',
      url: `/session/${session.id}/operations/sessions.delete`,
    });
    expect(await rowsOf(session.id)).toBe(0);
    expect((await fixture.call('GET', `/api/sessions/${session.slug}`, { as: session.key })).status).toBe(401);
    expect((await fixture.call('GET', `/api/sessions/${session.slug}`, { as: user.token })).status).toBe(404);
  });

  it('deletes when the owner cannot be reached, and says that nothing was unlinked', async () => {
    const lost = await fixture.startWorker('worker-lost');
    await fixture.database.pool.query(`UPDATE workers SET admin_state = 'CORDONED' WHERE id = 'worker-1'`);
    const session = await fixture.createSession(user);
    await fixture.database.pool.query(`UPDATE workers SET admin_state = 'ACTIVE' WHERE id = 'worker-1'`);
    await lost.close();
    const { status, body } = await fixture.call('DELETE', `/api/sessions/${session.slug}`, { as: user.token });
    expect([status, body.data.unlinked]).toEqual([200, false]);
    expect(await rowsOf(session.id)).toBe(0);
  });

  it('is not for session keys', async () => {
    const session = await fixture.createSession(user);
    expect((await fixture.call('DELETE', `/api/sessions/${session.slug}`, { as: session.key })).status).toBe(403);
    expect(await rowsOf(session.id)).toBe(1);
  });
});
