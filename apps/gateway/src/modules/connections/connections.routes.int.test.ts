import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';

const fixture = useGateway();
let worker: WorkerStandIn;
let user: TestUser;
let session: TestSession;
let admin: string;

const PUBLIC = 'http://93.184.216.34:3128';
const SECRET = 'pass-of-the-proxy';

beforeAll(async () => {
  worker = await fixture.startWorker('worker-1');
  await fixture.database.pool.query('UPDATE workers SET max_sessions = 1000');
  await fixture.database.pool.query(`UPDATE worker_leases SET expires_at = now() + interval '1 hour'`);
  admin = await fixture.adminToken();
});
beforeEach(async () => {
  user = await fixture.register();
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
  worker.answer({});
  worker.calls.length = 0;
});

const call = (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object, as = user.token) =>
  fixture.call(method, `/api/sessions/${session.slug}/${path}`, { as, ...(body && { body }) });
const asked = () => worker.calls.map(({ url }) => url.split('/').at(-1));

describe('the proxy of a session', () => {
  it('begins as none; is tried, stored, used at once, and shown without its credentials', async () => {
    expect((await call('GET', 'proxy', undefined, session.key)).body.data).toMatchObject({ source: 'none', url: null });
    worker.answer({ body: { ok: true, url: PUBLIC, latencyMs: 12, error: null, qr: '' } });
    const { status, body } = await call('PUT', 'proxy', { url: PUBLIC, username: 'ann', password: SECRET });
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.data).toMatchObject({ source: 'session', url: PUBLIC, hasCredentials: true, lastUsedAt: null });
    expect(asked()[0]).toBe('sessions.testProxy');
    expect(worker.calls[0]!.body).toEqual({ url: PUBLIC, username: 'ann', password: SECRET });
    expect(JSON.stringify(body)).not.toContain(SECRET);
    const rows = await fixture.database.pool.query(
      `SELECT row_to_json(c)::text AS row FROM session_connections c WHERE session_id = $1
       UNION ALL SELECT row_to_json(a)::text FROM audit_logs a WHERE resource_id = $1::text`,
      [session.id],
    );
    expect(JSON.stringify(rows.rows)).toContain(PUBLIC);
    expect(JSON.stringify(rows.rows)).not.toContain(SECRET);
  });

  it('that reaches no WhatsApp is refused, and the one of before stays', async () => {
    await call('PUT', 'proxy', { url: PUBLIC, test: false });
    worker.answer({ body: { ok: false, url: null, latencyMs: null, error: 'The proxy cannot be used: it refuses.' } });
    const { status, body } = await call('PUT', 'proxy', { url: 'socks5://93.184.216.35' });
    expect([status, body.code]).toEqual([422, 'PROXY_UNREACHABLE']);
    expect(body.details.reason).toContain('it refuses');
    expect((await call('GET', 'proxy')).body.data.url).toBe(PUBLIC);
  });

  it.each([
    { url: 'ftp://proxy.example.com' },
    { url: 'http://127.0.0.1:3128' },
    { url: 'socks5://localhost' },
    { url: 'http://[fd00::1]:3128' },
    { url: 'http://10.0.0.7', username: 'a:b' },
  ])('%j is no proxy that may be used', async (given) => {
    const { status, body } = await call('PUT', 'proxy', { ...given, test: false });
    expect([status, body.code]).toEqual([400, 'PROXY_INVALID']);
    expect(worker.calls).toEqual([]);
  });

  it('goes, and a session that waits for its user is not restarted', async () => {
    expect((await call('PUT', 'proxy', { url: PUBLIC, test: false })).body.data.applied).toBe('reconnecting');
    await fixture.setState(session, 'LOGGED_OUT');
    worker.calls.length = 0;
    const { body } = await call('DELETE', 'proxy');
    expect(body.data).toMatchObject({ source: 'none', url: null, applied: 'next_connection' });
    expect(worker.calls).toEqual([]);
  });

  it('is not for the key of a session', async () => {
    expect((await call('PUT', 'proxy', { url: PUBLIC, test: false }, session.key)).status).toBe(403);
    expect((await call('DELETE', 'proxy', undefined, session.key)).status).toBe(403);
  });
});

describe('the version of WhatsApp Web', () => {
  const get = async () =>
    (await fixture.call('GET', '/api/admin/whatsapp-version', { as: admin })).body.data.networks.find(
      ({ network }: { network: string }) => network === 'sandbox',
    );
  const set = (body: object, as = admin) => fixture.call('PUT', '/api/admin/whatsapp-version', { as, body });

  it('is set for a network, with one that some sessions try, and what is not given stays', async () => {
    expect(await get()).toMatchObject({ version: null, candidate: null, rolledBack: null, outdated: 0 });
    await set({ network: 'sandbox', version: '2.3000.5' });
    const candidate = { version: '2.3000.6', percent: 10, sessionIds: [session.id] };
    expect((await set({ network: 'sandbox', candidate })).body.data).toMatchObject({
      version: '2.3000.5',
      candidate: { ...candidate, accepted: 0, refused: 0 },
    });
    const login = (at: string) =>
      fixture.database.pool.query(
        `INSERT INTO session_connections (session_id, client_version, opened_at) VALUES ($1, '2.3000.6', ${at})
         ON CONFLICT (session_id) DO UPDATE SET opened_at = excluded.opened_at`,
        [session.id],
      );
    await login(`now() - interval '1 minute'`);
    expect(await get()).toMatchObject({ candidate: { accepted: 0 }, inUse: [{ version: '2.3000.6', sessions: 1 }] });
    await login('now()');
    expect(await get()).toMatchObject({ candidate: { accepted: 1 } });
    await set({ network: 'sandbox', candidate: { ...candidate, percent: 20 } });
    expect(await get(), 'the same trial').toMatchObject({ candidate: { percent: 20, accepted: 1 } });
    await set({ network: 'sandbox', candidate: null });
    await set({ network: 'sandbox', candidate });
    expect(await get(), 'another trial').toMatchObject({ candidate: { accepted: 0, refused: 0 } });
    expect((await set({ network: 'sandbox', version: null, candidate: null })).body.data).toMatchObject({
      version: null,
      candidate: null,
    });
  });

  it('is for administrators, has three numbers, and names sessions that there are', async () => {
    expect((await set({ version: '2.3000.5' }, user.token)).status).toBe(403);
    expect((await set({ version: 'latest' })).status).toBe(400);
    const sessionIds = ['01a2285f-6f91-7f4a-9f6b-5d1f6f3d2a10'];
    const { status, body } = await set({ network: 'sandbox', candidate: { version: '2.3000.6', sessionIds } });
    expect([status, body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
  });
});

describe('linking a session again', () => {
  const expected = async () =>
    (await fixture.database.pool.query('SELECT relink_number AS number FROM session_connections')).rows.map(
      ({ number }) => number,
    );

  it('is for one that is logged out, expects its account, and says what waits', async () => {
    await fixture.database.pool.query(`UPDATE sessions SET paired_at = now(), phone_number = '6281234567890'`);
    expect((await call('POST', 'relink', {})).body.code).toBe('SESSION_ALREADY_PAIRED');
    await fixture.setState(session, 'LOGGED_OUT');
    await fixture.database.pool.query('UPDATE sessions SET paired_at = NULL');
    await fixture.database.pool.query('DELETE FROM session_connections');
    worker.answer({ body: { qr: 'the code' } });
    expect((await call('POST', 'relink', {})).body.data).toEqual({
      sessionId: session.slug,
      expects: '+6281234567890',
      qr: 'the code',
      pairingCode: null,
      expiresAt: null,
      queued: 0,
    });
    expect(await expected()).toEqual(['6281234567890']);
    worker.answer({ body: { code: 'BP3R9783' } });
    const other = { anotherNumber: true, phoneNumber: '+6281234567891' };
    expect((await call('POST', 'relink', other)).body.data).toMatchObject({ expects: null, pairingCode: 'BP3R9783' });
    expect(await expected()).toEqual([null]);
  });
});
