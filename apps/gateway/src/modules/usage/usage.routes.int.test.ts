import { createLogger, systemClock } from '@wa-gate/kit';
import { beforeAll, describe, expect, it } from 'vitest';
import { createUsageMover } from '../../jobs/usage/index.ts';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { dayThatLasts } from '../../testing/timing.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { createHitBatches } from './hit-batches.ts';

const fixture = useGateway();
let admin: string;
let user: TestUser;
let session: TestSession;
let month: string;

beforeAll(dayThatLasts, 180_000);
beforeAll(async () => {
  month = new Date().toISOString().slice(0, 7);
  admin = await fixture.adminToken();
  await fixture.startWorker('worker-1');
  user = await fixture.register();
  session = await pairedSession(user);
});

async function pairedSession(owner: TestUser): Promise<TestSession> {
  const made = await fixture.createSession(owner);
  await fixture.setState(made, 'CONNECTED');
  return made;
}

const get = (path: string, as = user.token, headers: Record<string, string> = {}) =>
  fixture.call('GET', path, { as, headers });
const send = (as: string, { slug } = session) =>
  fixture.call('POST', `/api/sessions/${slug}/send?wait=queued`, { as, body: { to: '+6281234567890', message: 'x' } });
const receive = (count: number) =>
  fixture.database.pool.query(
    `INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_jid, from_me, kind, state)
     SELECT (substr(id::text, 1, 24) || lpad(to_hex(n), 12, '0'))::uuid, session_id, 'INBOUND', 'IN' || n, 'chat', 'somebody', false, 'text', 'RECEIVED'
     FROM (SELECT * FROM messages WHERE session_id = $1 LIMIT 1) m, generate_series(1, $2::int) n`,
    [session.id, count],
  );
/** Everything counted so far, in PostgreSQL. */
async function move(): Promise<void> {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const batches = createHitBatches(fixture.redis);
  await createUsageMover({ pool: fixture.database.pool, batches, clock: systemClock, logger }).move();
}

describe('GET /api/usage (MR-057, MR-117, MR-135, MR-175)', () => {
  it('counts requests and messages by month, session and key', async () => {
    await move();
    const { hits: before } = (await get('/api/usage')).body.data.totals;
    await move();
    for (let index = 0; index < 3; index += 1) await send(session.key);
    await send(user.token);
    await get(`/api/sessions/${session.slug}`, user.apiKey);
    await receive(5);
    await move();
    const { status, body } = await get(`/api/usage?month=${month}&groupBy=key,session`);
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ from: month, to: month, groupBy: ['session', 'key'] });
    // The request by which this test asked before is a hit as well; the present one is not moved yet.
    expect(body.data.totals).toEqual({ hits: before + 6, messagesSent: 4, messagesReceived: 5 });
    const rows = body.data.records.filter(({ sessionId }: { sessionId: string | null }) => sessionId === session.slug);
    const row = { month: null, sessionId: session.slug, sessionName: 'Test' };
    expect(rows).toEqual([
      { ...row, keyId: expect.any(String), keyName: 'Primary key', hits: 3, messagesSent: 3, messagesReceived: 0 },
      { ...row, keyId: expect.any(String), keyName: 'Workspace key', hits: 1, messagesSent: 0, messagesReceived: 0 },
      { ...row, keyId: null, keyName: null, hits: 1, messagesSent: 1, messagesReceived: 5 },
    ]);
  });

  it('counts nothing for requests that were refused by a limit, or that proved nobody', async () => {
    const other = await fixture.register();
    await get('/api/sessions', 'nonsense');
    await fixture.call('PUT', '/api/admin/rate-limits/session_operations', {
      as: admin,
      body: { max: 1, windowSeconds: 3_600 },
    });
    for (let index = 0; index < 3; index += 1) {
      await fixture.call('POST', '/api/sessions', { as: other.token, body: { name: 'x', network: 'live' } });
    }
    await fixture.call('DELETE', '/api/admin/rate-limits/session_operations', { as: admin });
    await move();
    expect((await get('/api/usage', other.token)).body.data.totals.hits).toBe(1);
  });

  it('keeps what deleted sessions have used', async () => {
    const other = await fixture.register();
    const gone = await pairedSession(other);
    await send(gone.key, gone);
    await send(gone.key, gone);
    const deleted = await fixture.call('DELETE', `/api/sessions/${gone.slug}`, { as: other.token });
    expect(deleted.status).toBe(200);
    await move();
    const { body } = await get('/api/usage?groupBy=session', other.token);
    expect(body.data.totals.messagesSent).toBe(2);
    expect(body.data.records).toContainEqual({
      month: null,
      sessionId: gone.id,
      sessionName: null,
      keyId: null,
      keyName: null,
      hits: 2,
      messagesSent: 2,
      messagesReceived: 0,
    });
  });

  it('shows each caller what is theirs: the account, the workspace, the session', async () => {
    const owner = await fixture.register();
    const [first, second] = [await pairedSession(owner), await pairedSession(owner)];
    await fixture.database.pool.query(
      `WITH w AS (INSERT INTO workspaces (id, name, owner_user_id)
         SELECT gen_random_uuid(), 'Second', user_id FROM sessions WHERE id = $1 RETURNING id)
       UPDATE sessions SET workspace_id = (SELECT id FROM w) WHERE id = $1`,
      [second.id],
    );
    await send(first.key, first);
    await send(second.key, second);
    await send(second.key, second);
    const sent = async (as: string) => (await get('/api/usage', as)).body.data.totals.messagesSent;
    expect(await sent(owner.token)).toBe(3);
    expect(await sent(owner.apiKey)).toBe(1);
    expect(await sent(first.key)).toBe(1);
    expect(await sent(second.key)).toBe(2);
    expect(await sent((await fixture.register()).token)).toBe(0);
  });

  it('is read over several months', async () => {
    const { rows } = await fixture.database.pool.query<{ id: string }>(
      'SELECT user_id AS id FROM sessions WHERE id = $1',
      [session.id],
    );
    await fixture.database.pool.query(
      `INSERT INTO usage_records (id, user_id, usage_count, billing_date)
       SELECT gen_random_uuid(), $1, 7, d::date FROM generate_series('2024-01-01'::date, '2024-03-01', '1 month') d`,
      [rows[0]!.id],
    );
    const { body } = await get('/api/usage?from=2024-01&to=2024-02&groupBy=month');
    expect(body.data.records.map((row: { month: string; hits: number }) => [row.month, row.hits])).toEqual([
      ['2024-01', 7],
      ['2024-02', 7],
    ]);
    expect((await get('/api/usage?from=2024-01&to=2024-03')).body.data.totals.hits).toBe(21);
  });

  it('is a table for those who ask for one, without formulas', async () => {
    await fixture.database.pool.query(`UPDATE sessions SET name = '=HYPERLINK("http://evil.test")' WHERE id = $1`, [
      session.id,
    ]);
    for (const [path, accept] of [
      ['/api/usage?groupBy=session', 'text/csv'],
      ['/api/usage?groupBy=session&format=csv', 'application/json'],
    ] as const) {
      const { status, headers, body } = await get(path, session.key, { accept });
      expect(status).toBe(200);
      expect(headers['content-type']).toBe('text/csv; charset=utf-8');
      expect(headers['content-disposition']).toBe(`attachment; filename="usage-${month}.csv"`);
      const [head, row] = body.split('\n');
      expect(head).toBe('month,sessionId,sessionName,keyId,keyName,hits,messagesSent,messagesReceived');
      expect(row).toMatch(new RegExp(`^,${session.slug},"'=HYPERLINK\\(""http://evil\\.test""\\)",,,\\d+,4,5$`));
    }
  });

  it.each([
    'month=2026-13',
    'month=nonsense',
    'from=2026-03&to=2026-01',
    'month=2026-01&from=2026-01',
    'from=2001-01&to=2026-01',
    'groupBy=user',
    'groupBy=month,,key',
    'format=xml',
  ])('refuses ?%s', async (query) => {
    const { status, body } = await get(`/api/usage?${query}`);
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
  });
});

describe('GET /api/admin/usage', () => {
  it('shows all accounts, page by page', async () => {
    await move();
    const first = await get('/api/admin/usage?limit=1&groupBy=key', admin);
    expect(first.status).toBe(200);
    const { records, pagination, totals } = first.body.data;
    expect(records).toHaveLength(1);
    expect(pagination).toMatchObject({ page: 1, limit: 1, totalPages: pagination.total });
    const all = (await get('/api/admin/usage?groupBy=key', admin)).body.data;
    expect(all.totals).toEqual(totals);
    expect(all.records).toHaveLength(pagination.total);
    expect(all.records.map(({ email }: { email: string }) => email)).toContain(user.email);
    const last = (await get(`/api/admin/usage?limit=1&page=${pagination.total + 1}&groupBy=key`, admin)).body.data;
    expect([last.records, last.totals]).toEqual([[], totals]);
  });

  it('shows one account, and all pages as a table', async () => {
    const userId = (await get('/api/auth/me')).body.data.user.id;
    const one = (await get(`/api/admin/usage?userId=${userId}`, admin)).body.data;
    expect(one.records).toMatchObject([{ userId, email: user.email, tier: 'max', month, messagesSent: 4 }]);
    expect((await get('/api/admin/usage?userId=nobody', admin)).body.data.records).toEqual([]);
    const csv = await get('/api/admin/usage?limit=1', admin, { accept: 'text/csv' });
    expect(csv.body.split('\n')[0]).toMatch(/^userId,email,tier,month/);
    expect(csv.body).toContain(user.email);
  });

  it('is for administrators', async () => {
    expect((await get('/api/admin/usage')).status).toBe(403);
    expect((await get('/api/admin/usage', session.key)).status).toBe(403);
  });
});
