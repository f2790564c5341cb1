import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway({}, { rateLimits: 'default' });
let admin: string;

beforeAll(async () => {
  admin = await fixture.adminToken();
  await fixture.startWorker('worker-1');
  await fixture.database.pool.query('UPDATE workers SET max_sessions = 1000');
});
beforeEach(() => fixture.redis.flushdb());

type Tier = 'BASIC' | 'PRO' | 'MAX';

/** A fresh account, whose tier is not in any memory yet. */
async function accountOf(tier: Tier): Promise<TestUser> {
  const user = await fixture.register();
  await fixture.database.pool.query('UPDATE users SET tier = $2 WHERE email = $1', [user.email, tier]);
  return user;
}

const setTier = (tier: string, maxSessions: number, messagesPerHour: number) =>
  fixture.call('PUT', `/api/admin/tiers/${tier}`, { as: admin, body: { maxSessions, messagesPerHour } });
const create = (user: TestUser, sessionId?: string) =>
  fixture.call('POST', '/api/sessions', { as: user.token, body: { name: 'x', ...(sessionId && { sessionId }) } });

async function pairedSession(user: TestUser): Promise<TestSession> {
  const session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
  return session;
}
const send = (session: TestSession, headers: Record<string, string> = {}, message = 'hello') =>
  fixture.call('POST', `/api/sessions/${session.slug}/send?wait=queued`, {
    as: session.key,
    body: { to: '+6281234567890', message },
    headers,
  });
const used = async (user: TestUser): Promise<number> =>
  (await fixture.call('GET', '/api/limits', { as: user.token })).body.data.tier.messagesPerHour.used;

describe('tiers', () => {
  it('are those of the PaaS brief, for everybody to see (MR-083 … MR-088)', async () => {
    const { status, body } = await fixture.call('GET', '/api/tiers');
    expect(status).toBe(200);
    const same = {
      messageRetentionDays: 90,
      eventRetentionDays: 30,
      mediaMaxBytes: 104_857_600,
      mediaRetentionDays: 30,
      updatedAt: expect.any(String),
    };
    const gigabytes = (count: number) => ({ ...same, mediaBytes: count * 2 ** 30 });
    expect(body.data.tiers).toEqual([
      { tier: 'basic', maxSessions: 1, messagesPerHour: 100, ...gigabytes(1) },
      { tier: 'pro', maxSessions: 5, messagesPerHour: 1_000, ...gigabytes(10) },
      { tier: 'max', maxSessions: 20, messagesPerHour: 10_000, ...gigabytes(100) },
    ]);
  });

  it('what is not named of files stays, and what is named holds at once', async () => {
    const set = (body: object) =>
      fixture.call('PUT', '/api/admin/tiers/max', {
        as: admin,
        body: { maxSessions: 20, messagesPerHour: 10_000, ...body },
      });
    expect((await set({ mediaBytes: 5, mediaMaxBytes: 4, mediaRetentionDays: 3 })).body.data).toMatchObject({
      mediaBytes: 5,
      mediaMaxBytes: 4,
      mediaRetentionDays: 3,
    });
    expect((await set({})).body.data).toMatchObject({ mediaBytes: 5, mediaMaxBytes: 4, mediaRetentionDays: 3 });
    await set({ mediaBytes: 100 * 2 ** 30, mediaMaxBytes: 104_857_600, mediaRetentionDays: 30 });
    expect((await set({ eventRetentionDays: null })).body.data).toMatchObject({ eventRetentionDays: null });
    expect((await set({})).body.data).toMatchObject({ eventRetentionDays: null });
    expect((await set({ eventRetentionDays: 7 })).body.data).toMatchObject({ eventRetentionDays: 7 });
    // Deliveries are tried for three days.
    expect((await set({ eventRetentionDays: 3 })).status).toBe(400);
  });

  it('are changed by the administrator, which the audit log tells', async () => {
    expect((await setTier('pro', 7, 1_500)).body.data).toMatchObject({
      tier: 'pro',
      maxSessions: 7,
      messagesPerHour: 1_500,
    });
    await setTier('PRO', 5, 1_000);
    const { rows } = await fixture.database.pool.query(
      `SELECT before, after FROM audit_logs WHERE action = 'tier.updated' AND resource_id = 'pro' ORDER BY id`,
    );
    const [usual, other] = [
      { maxSessions: 5, messagesPerHour: 1_000 },
      { maxSessions: 7, messagesPerHour: 1_500 },
    ];
    expect(rows).toEqual([
      { before: usual, after: other },
      { before: other, after: usual },
    ]);
  });

  it.each([
    ['gold', { maxSessions: 1, messagesPerHour: 1 }],
    ['basic', { maxSessions: -1, messagesPerHour: 1 }],
    ['basic', { maxSessions: 1 }],
    ['basic', { maxSessions: 1, messagesPerHour: 1e12 }],
  ])('are not changed to nonsense: %s %j', async (tier, body) => {
    expect((await fixture.call('PUT', `/api/admin/tiers/${tier}`, { as: admin, body })).status).toBe(400);
  });
});

describe('sessions', () => {
  it.each([
    ['BASIC', 1, 'Session limit exceeded. BASIC tier allows 1 session'],
    ['PRO', 5, 'Session limit exceeded. PRO tier allows 5 sessions'],
    ['MAX', 20, 'Session limit exceeded. MAX tier allows 20 sessions'],
  ] as const)('of %s: %i, exact under concurrency (MR-086 … MR-088)', async (tier, max, sentence) => {
    const user = await accountOf(tier);
    const answers = await Promise.all(Array.from({ length: max + 4 }, () => create(user)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(max);
    const refused = answers.filter(({ status }) => status === 403);
    expect(refused).toHaveLength(4);
    expect(refused[0]!.body).toMatchObject({
      code: 'TIER_SESSION_LIMIT',
      error: sentence,
      details: { tier: tier.toLowerCase(), limit: max, used: max },
    });
  });

  it('count whatever their state, until they are deleted; in all workspaces of the account', async () => {
    const user = await accountOf('BASIC');
    const session = await fixture.createSession(user);
    await fixture.setState(session, 'STOPPED', false);
    expect((await create(user)).status).toBe(403);
    await fixture.database.pool.query(
      `INSERT INTO workspaces (id, name, owner_user_id)
       SELECT gen_random_uuid(), 'Second', user_id FROM sessions WHERE id = $1`,
      [session.id],
    );
    await fixture.database.pool.query(
      `UPDATE sessions SET workspace_id = (SELECT id FROM workspaces WHERE name = 'Second') WHERE id = $1`,
      [session.id],
    );
    expect((await create(user)).status).toBe(403);
    await fixture.database.pool.query('DELETE FROM sessions WHERE id = $1', [session.id]);
    expect((await create(user)).status).toBe(201);
  });

  it('that exist are told by their name, at the limit too', async () => {
    const user = await accountOf('BASIC');
    expect((await create(user, 'mine')).status).toBe(201);
    const again = await create(user, 'mine');
    expect([again.status, again.body.code]).toEqual([409, 'SESSION_EXISTS']);
  });

  it('are made beside the deletion of their account, without a deadlock', async () => {
    for (let round = 0; round < 10; round += 1) {
      const user = await accountOf('MAX');
      const answers = await Promise.all([
        ...Array.from({ length: 4 }, () => create(user)),
        fixture.database.pool.query('DELETE FROM users WHERE email = $1', [user.email]).then(() => ({ status: 0 })),
      ]);
      const statuses = answers.slice(0, -1).map(({ status }) => status);
      // Whoever comes after the deletion is nobody.
      expect(statuses.filter((status) => ![201, 401, 404].includes(status))).toEqual([]);
    }
  });

  it('are not made in a workspace that was deleted a moment ago', async () => {
    const user = await accountOf('MAX');
    await create(user);
    const { rows } = await fixture.database.pool.query<{ id: string }>(
      'SELECT w.id FROM workspaces w JOIN users u ON u.id = w.owner_user_id WHERE u.email = $1',
      [user.email],
    );
    await fixture.database.pool.query('DELETE FROM sessions WHERE workspace_id = $1', [rows[0]!.id]);
    await fixture.database.pool.query('DELETE FROM workspaces WHERE id = $1', [rows[0]!.id]);
    expect((await create(user)).status).toBe(401);
  });

  it('are allowed by a changed tier at once', async () => {
    const user = await accountOf('BASIC');
    await create(user);
    await setTier('basic', 2, 100);
    expect((await create(user)).status).toBe(201);
    await setTier('basic', 1, 100);
    const limits = await fixture.call('GET', '/api/limits', { as: user.token });
    expect(limits.body.data.tier.sessions).toEqual({ max: 1, used: 2, remaining: 0 });
  });
});

describe('messages per hour', () => {
  it('of BASIC: 100, counted for the account, then 429 with tier and limit (MR-083, MR-094, MR-095)', async () => {
    const user = await accountOf('BASIC');
    const session = await pairedSession(user);
    const answers = await Promise.all(Array.from({ length: 110 }, () => send(session)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(100);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(10);
    expect(refused[0]!.body).toMatchObject({
      error: 'Message limit exceeded. BASIC tier allows 100 messages per hour',
      code: 'TIER_MESSAGE_LIMIT',
      details: { tier: 'basic', limit: 100, used: 100, resetAt: expect.any(String) },
      retryAfter: expect.any(Number),
    });
    const { rows } = await fixture.database.pool.query<{ count: number; userId: string }>(
      'SELECT count(*), s.user_id AS "userId" FROM messages m JOIN sessions s ON s.id = m.session_id WHERE s.id = $1 GROUP BY 2',
      [session.id],
    );
    expect(rows[0]!.count).toBe(100);
    expect(await fixture.redis.get(`wag:rl:message_limit:${rows[0]!.userId}`)).toBe('100');
    // The same account, other ways in: its token, and the key of its workspace.
    for (const as of [user.token, user.apiKey]) {
      const answer = await fixture.call('POST', `/api/sessions/${session.slug}/send`, {
        as,
        body: { to: '+6281234567890', message: 'x' },
      });
      expect(answer.body.code).toBe('TIER_MESSAGE_LIMIT');
    }
    await setTier('basic', 1, 101);
    expect((await send(session)).status).toBe(202);
    await setTier('basic', 1, 100);
  });

  it.each([
    ['PRO', '1000;w=3600;name="message_limit"'],
    ['MAX', '10000;w=3600;name="message_limit"'],
  ] as const)('of %s: %s (MR-084, MR-085)', async (tier, policy) => {
    const session = await pairedSession(await accountOf(tier));
    expect((await send(session)).headers['ratelimit-policy']).toBe(policy);
  });

  it('are not used up by repetitions of an Idempotency-Key', async () => {
    const user = await accountOf('PRO');
    const session = await pairedSession(user);
    for (let index = 0; index < 4; index += 1) {
      const { status, headers } = await send(session, { 'idempotency-key': 'once' });
      expect([status, headers['idempotent-replayed']]).toEqual([202, index === 0 ? undefined : 'true']);
    }
    expect(await used(user)).toBe(1);
    const mismatch = await send(session, { 'idempotency-key': 'once' }, 'another text');
    expect(mismatch.status).toBe(422);
    expect(await used(user)).toBe(1);
  });

  it('are not used up by sends that are refused', async () => {
    const user = await accountOf('PRO');
    const session = await fixture.createSession(user);
    expect((await send(session)).body.code).toBe('SESSION_NOT_CONNECTED');
    await fixture.setState(session, 'CONNECTED');
    for (const body of [{ to: 'nobody', message: 'x' }, { to: '+6281234567890' }, { type: 'hologram' }, 'no json']) {
      const answer = await fixture.call('POST', `/api/sessions/${session.slug}/send`, { as: session.key, body });
      expect(answer.status).toBe(400 + (typeof body === 'string' ? 15 : 0));
    }
    expect((await fixture.call('POST', '/api/sessions/none/send', { as: user.token, body: {} })).status).toBe(400);
    expect(await used(user)).toBe(0);
    await send(session);
    expect(await used(user)).toBe(1);
  });

  it('remember the key that a message was accepted with', async () => {
    const user = await accountOf('PRO');
    const session = await pairedSession(user);
    await send(session);
    await fixture.call('POST', `/api/sessions/${session.slug}/send?wait=queued`, {
      as: user.token,
      body: { to: '+6281234567890', message: 'by a person' },
    });
    const { rows } = await fixture.database.pool.query(
      `SELECT k.session_id = m.session_id AS own FROM messages m LEFT JOIN api_keys k ON k.id = m.api_key_id
       WHERE m.session_id = $1 ORDER BY m.id`,
      [session.id],
    );
    expect(rows).toEqual([{ own: true }, { own: null }]);
  });
});
