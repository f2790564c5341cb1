import { newId } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;
let worker: WorkerStandIn;
beforeAll(async () => {
  worker = await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  user = await fixture.register();
  session = await fixture.createSession(user);
  worker.answer({});
  worker.calls.length = 0;
});

const QR = { qr: '2@abc,def,ghi', expiresAt: '2026-01-15T10:30:00.000Z', attempt: 2 };
const get = (url: string, headers: Record<string, string> = {}, as = user.token) =>
  fixture.call('GET', url, { as, headers });
const query = (text: string) => fixture.database.pool.query(text);
const lastCall = () => worker.calls.at(-1);

describe('GET /api/qr (MR-037, MR-199)', () => {
  it('is the QR code of the default session, as JSON or as a picture', async () => {
    worker.answer({ body: QR });
    const json = await get('/api/qr');
    expect([json.status, json.body.data]).toEqual([200, QR]);
    expect(lastCall()).toMatchObject({ method: 'POST', url: `/session/${session.id}/operations/sessions.qr` });
    const png = await get('/api/qr?format=png');
    expect([png.headers['content-type'], png.raw.subarray(1, 4).toString()]).toEqual(['image/png', 'PNG']);
    const svg = await get('/api/qr', { accept: 'image/svg+xml' });
    expect([svg.headers['content-type'], svg.headers['cache-control']]).toEqual(['image/svg+xml', 'no-store']);
    expect(svg.body).toContain('<svg');
  });

  it('counts for people in its own bucket, and for keys in none of their own (MR-077)', async () => {
    worker.answer({ body: QR });
    await query(`UPDATE rate_limits SET max = 2, window_seconds = 3600 WHERE bucket = 'qr'`);
    await query(`INSERT INTO revocations (kind, subject) VALUES ('rate-limits', '*')`);
    const refused = await waitFor(async () => {
      const answer = await get('/api/qr');
      return answer.status === 429 ? answer : null;
    });
    expect(refused!.body).toMatchObject({ code: 'RL_ENDPOINT', details: { bucket: 'qr' } });
    expect((await get('/api/qr', {}, session.key)).status).toBe(200);
    expect((await get('/api/qr/history')).status).toBe(200);
    await query(`UPDATE rate_limits SET max = 1000000 WHERE bucket = 'qr'`);
    await query(`INSERT INTO revocations (kind, subject) VALUES ('rate-limits', '*')`);
    await waitFor(async () => (await get('/api/qr')).status === 200);
  });

  it('passes on what the owner refuses with', async () => {
    worker.answer({ status: 409, body: { code: 'SESSION_ALREADY_PAIRED', error: 'It is linked.' } });
    const { status, body } = await get('/api/qr');
    expect([status, body.code, body.error]).toEqual([409, 'SESSION_ALREADY_PAIRED', 'It is linked.']);
  });
});

describe('GET /api/whatsapp/status, POST restart and logout (MR-038, MR-039, MR-040, MR-199)', () => {
  it('ask the owner of the default session', async () => {
    worker.answer({
      body: { status: 'reconnecting', state: 'stale', reason: 'x', code: 'y', workerId: 'worker-1' },
    });
    // A worker that a busy machine holds up for a second is answered for by the database.
    const told = await waitFor(async () => {
      const { body } = await get('/api/whatsapp/status');
      return body.data.source === 'worker' && body.data;
    });
    expect(told).toMatchObject({ sessionId: session.slug, status: 'reconnecting' });
    worker.answer({ status: 500, body: {} });
    expect((await get('/api/whatsapp/status')).body.data).toMatchObject({ source: 'database' });
  });

  it.each([
    ['restart', 'session.restarted'],
    ['logout', 'session.logged_out'],
  ])('%s acts, with and without a body, and leaves an audit entry', async (action, audited) => {
    worker.answer({ body: { status: 'initializing', state: 'connecting' } });
    const url = `/api/whatsapp/${action}`;
    const plain = await fixture.call('POST', url, { as: user.token });
    expect([plain.status, plain.body.data]).toEqual([
      200,
      { sessionId: session.slug, status: 'initializing', state: 'connecting' },
    ]);
    expect(lastCall()).toMatchObject({ method: 'POST', url: `/session/${session.id}/operations/sessions.${action}` });
    const other = await fixture.createSession(user);
    const named = await fixture.call('POST', url, { as: user.token, body: { sessionId: other.slug } });
    expect(named.body.data.sessionId).toBe(other.slug);
    const { rows } = await fixture.database.pool.query(
      'SELECT action FROM audit_logs WHERE resource_id = ANY($1) AND action = $2',
      [[session.id, other.id], audited],
    );
    expect(rows).toHaveLength(2);
    for (const body of [{ session: 'x' }, [], { sessionId: 1 }]) {
      expect((await fixture.call('POST', url, { as: user.token, body })).status).toBe(400);
    }
  });
});

describe('the session that is meant', () => {
  const CALLS = [
    ['GET', '/api/qr'],
    ['GET', '/api/qr/history'],
    ['GET', '/api/whatsapp/status'],
    ['POST', '/api/whatsapp/restart'],
    ['POST', '/api/whatsapp/logout'],
  ] as const;

  it.each(CALLS)('%s %s: 404 without any, 409 of several, the named one in every way', async (method, url) => {
    worker.answer({ body: { ...QR, status: 'connected', state: 'connected', reason: null, code: null } });
    const stranger = await fixture.register();
    const none = await fixture.call(method, url, { as: stranger.token });
    expect([none.status, none.body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
    expect(none.body.error).toMatch(/Create one with POST \/api\/sessions/);
    const named = await fixture.call(method, `${url}?sessionId=${session.slug}`, { as: stranger.token });
    expect([named.status, named.body.error]).toEqual([404, 'There is no such session for this credential.']);

    await fixture.createSession(user);
    const ambiguous = await fixture.call(method, url, { as: user.token });
    expect([ambiguous.status, ambiguous.body.code]).toEqual([409, 'SESSION_AMBIGUOUS']);
    expect((await fixture.call(method, `${url}?sessionId=${session.slug}`, { as: user.token })).status).toBe(200);
    const headers = { 'x-session-id': session.slug };
    expect((await fixture.call(method, url, { as: user.token, headers })).status).toBe(200);
    expect((await fixture.call(method, url, { as: session.key })).status).toBe(200);
    expect((await fixture.call(method, url)).status).toBe(401);
  });
});

describe('GET /api/qr/history (MR-037, MR-139)', () => {
  const show = (status: string, expires: string, of = session) =>
    fixture.database.pool.query(
      `INSERT INTO qr_history (id, session_id, attempt, status, expires_at, scanned_at)
       VALUES ($1, $2, 1, $3::"QrStatus", now() + $4::interval, CASE WHEN $3 = 'SCANNED' THEN now() END)`,
      [newId(), of.id, status, expires],
    );

  it('tells what became of the codes, newest first, page by page', async () => {
    await show('EXPIRED', '-3 minutes');
    await show('SHOWN', '-1 minute');
    await show('SCANNED', '1 hour');
    await show('SHOWN', '2 hours');
    const other = await fixture.createSession(user);
    await show('SHOWN', '2 hours', other);
    const first = await get(`/api/qr/history?sessionId=${session.slug}&limit=3`);
    const { history, pagination } = first.body.data;
    expect(history.map(({ status }: { status: string }) => status)).toEqual(['shown', 'scanned', 'expired']);
    expect(history[1]).toEqual({
      id: expect.any(String),
      sessionId: session.slug,
      attempt: 1,
      status: 'scanned',
      shownAt: expect.stringMatching(/Z$/),
      expiresAt: expect.stringMatching(/Z$/),
      scannedAt: expect.stringMatching(/Z$/),
    });
    expect(pagination).toEqual({ nextCursor: history[2].id, hasMore: true });
    const second = await get(`/api/qr/history?sessionId=${session.slug}&cursor=${pagination.nextCursor}`);
    expect(second.body.data).toMatchObject({ history: [{ status: 'expired' }], pagination: { hasMore: false } });
    expect((await get(`/api/qr/history?sessionId=${session.slug}&cursor=x`)).status).toBe(400);
  });
});
