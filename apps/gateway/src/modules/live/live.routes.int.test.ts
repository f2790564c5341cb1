import { internalToken } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGatewayFixture, type TestSession, type TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;
let worker: WorkerStandIn;

const HEALTH = {
  status: 'connected',
  state: 'connected',
  connectedSince: '2026-01-15T10:30:00.000Z',
  lastFrameAt: '2026-01-15T10:31:00.000Z',
  lastFrameAgeMs: 12,
  keepAliveMs: 80,
  lastProbeAt: null,
  recycles: 1,
  workerId: 'worker-1',
  epoch: 1,
};
const QR = { qr: '2@abc,def,ghi', expiresAt: '2026-01-15T10:30:00.000Z', attempt: 2 };

beforeAll(async () => {
  user = await fixture.register();
});

let count = 0;
beforeEach(async () => {
  count += 1;
  await fixture.database.pool.query(`UPDATE workers SET admin_state = 'CORDONED'`);
  worker = await fixture.startWorker(`worker-${count}`);
  session = await fixture.createSession(user);
});

const get = (path: string, headers = {}) =>
  fixture.call('GET', `/api/sessions/${session.slug}${path}`, { as: session.key, headers });
const post = (path: string, body?: unknown) =>
  fixture.call('POST', `/api/sessions/${session.slug}${path}`, {
    as: session.key,
    ...(body !== undefined && { body }),
  });

describe('a live call (MR-014, MR-168)', () => {
  it('reaches the owner with epoch, token and request id, and is answered in our envelope', async () => {
    worker.answer({ body: QR });
    const { status, body } = await get('/qr', { 'x-request-id': 'mine-1' });
    expect([status, body]).toEqual([200, { success: true, status: 'success', data: QR }]);
    expect(worker.calls).toMatchObject([
      {
        method: 'POST',
        url: `/session/${session.id}/operations/sessions.qr`,
        body: undefined,
        authorization: `Bearer ${internalToken(fixture.masterKey, `worker-${count}`, 1)}`,
        epoch: '1',
        requestId: 'mine-1',
      },
    ]);
  });

  it('takes nothing with it that is not for the owner: no credentials, cookies or addresses of the caller', async () => {
    worker.answer({ body: QR });
    await get('/qr?format=json', {
      cookie: 'a=b',
      'x-forwarded-for': '10.0.0.1',
      connection: 'authorization',
      traceparent: 'no',
    });
    expect(worker.calls[0]!.url).toBe(`/session/${session.id}/operations/sessions.qr`);
    expect(worker.calls[0]!.headers).toEqual([
      'authorization',
      'connection',
      'content-length',
      'host',
      'x-call-id',
      'x-request-id',
      'x-session-epoch',
      'x-wag-nonce',
    ]);
  });

  it.each([
    ['who proves nothing', null],
    ['who proves to be another worker', { workerId: 'worker-999', incarnation: 1 }],
  ])('does not believe somebody at the address of the worker %s', async (_who, claim) => {
    worker.be(claim);
    worker.answer({ body: QR });
    const { status, body } = await get('/qr');
    expect([status, body.code, JSON.stringify(body)]).toEqual([
      502,
      'WORKER_ERROR',
      expect.not.stringContaining(QR.qr),
    ]);
    expect(worker.calls).toHaveLength(2);
  });

  it('finds the session when another worker has come to the address of its former one', async () => {
    worker.answer({ body: QR });
    await get('/qr'); // the route is cached now
    const next = await fixture.startWorker(`next-${count}`);
    await fixture.move(session);
    worker.be({ workerId: 'worker-999', incarnation: 1 });
    next.answer({ body: QR });
    expect((await get('/qr')).status).toBe(200);
  });

  it('follows a session that has moved, inside the same request, with its body', async () => {
    worker.answer({ body: QR });
    await get('/qr'); // the route is cached now
    const next = await fixture.startWorker(`next-${count}`);
    await fixture.move(session);
    worker.answer({ status: 421, body: { code: 'SESSION_NOT_OWNED' } });
    next.answer({ body: { code: 'ABCD-1234' } });
    const { status, body } = await post('/pairing-code', { phoneNumber: '+62 812 3456 7890' });
    expect([status, body.data.pairingCode]).toEqual([200, 'ABCD-1234']);
    expect(worker.calls.at(-1)).toMatchObject({ epoch: '1', body: { phoneNumber: '6281234567890' } });
    expect(next.calls).toMatchObject([{ epoch: '3', body: { phoneNumber: '6281234567890' } }]);
  });

  it('follows a session whose former worker is gone', async () => {
    worker.answer({ body: QR });
    await get('/qr');
    const next = await fixture.startWorker(`next-${count}`);
    next.answer({ body: QR });
    await fixture.move(session);
    await worker.close();
    expect((await get('/qr')).status).toBe(200);
  });

  it('follows a worker that has restarted under a new incarnation', async () => {
    worker.answer({ body: QR });
    await get('/qr');
    await fixture.database.pool.query(`UPDATE worker_leases SET incarnation = 2 WHERE worker_id = $1`, [
      `worker-${count}`,
    ]);
    await fixture.database.pool.query(
      'UPDATE session_placements SET incarnation = 2, epoch = 2 WHERE session_id = $1',
      [session.id],
    );
    worker.answer({ status: 401 });
    worker.be({ incarnation: 2 });
    const { status, body } = await get('/qr');
    expect([status, body.code]).toEqual([503, 'SESSION_MOVING']);
    const epochs = worker.calls.map(({ epoch }) => epoch);
    expect([epochs.slice(0, 3), new Set(epochs.slice(2))]).toEqual([['1', '1', '2'], new Set(['2'])]);
  });

  it('asks again for a short time when nobody owns the session; 421 never leaves the gateway', async () => {
    worker.answer({ status: 421 });
    const { status, body, headers } = await get('/qr');
    expect([status, body.code, headers['retry-after']]).toEqual([503, 'SESSION_MOVING', '1']);
    const { length } = worker.calls;
    expect(length).toBeGreaterThan(2);
    await get('/health'); // of this moment: it does not wait
    expect(worker.calls.length - length).toBe(2);
  });

  it('answers 503 while the session is nowhere', async () => {
    await fixture.database.pool.query(
      `UPDATE session_placements SET state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL WHERE session_id = $1`,
      [session.id],
    );
    expect((await get('/qr')).body.code).toBe('SESSION_MOVING');
  });

  it('passes on refusals that are meant for the caller', async () => {
    worker.answer({ status: 409, body: { code: 'QR_NOT_READY', error: 'Not yet.' } });
    const { status, body } = await get('/qr');
    expect([status, body.code, body.error]).toEqual([409, 'QR_NOT_READY', 'Not yet.']);
    worker.answer({ status: 503, body: { code: 'SESSION_MOVING', error: 'It moves.' } });
    const moving = await get('/qr');
    expect([moving.status, moving.body.error, moving.headers['retry-after']]).toEqual([503, 'It moves.', '1']);
  });

  it.each([
    [500, { code: 'INTERNAL', error: 'secret stack' }],
    [403, { code: 'FORBIDDEN' }],
    [404, 'not json'],
  ])('hides other troubles of the worker behind 502: %i', async (status, body) => {
    worker.answer({ status, body });
    const answer = await get('/qr');
    expect([answer.status, answer.body.code, answer.body.details]).toEqual([
      502,
      'WORKER_ERROR',
      { workerStatus: status },
    ]);
  });
});

describe('the health of a session (MR-031)', () => {
  it('is what its owner sees, under the public id', async () => {
    const seen = {
      status: 'connected',
      state: 'connected',
      connectedSince: '2026-01-15T10:30:00.000Z',
      lastFrameAt: '2026-01-15T10:31:00.000Z',
      lastFrameAgeMs: 12,
      keepAliveMs: 80,
      lastProbeAt: null,
      recycles: 1,
      workerId: `worker-${count}`,
      epoch: 1,
    };
    worker.answer({ body: { ...seen, sessionId: session.id, inner: 'not for callers' } });
    const { status, body } = await get('/health');
    expect([status, body.data]).toEqual([200, { ...seen, sessionId: session.slug }]);
    expect(worker.calls[0]!.url).toBe(`/session/${session.id}/operations/sessions.health`);
  });
});

describe('the stream of QR codes', () => {
  const EVENT = 'event: qr\ndata: {"qr":"2@abc"}\n\n';
  let base: string;
  beforeAll(async () => {
    base = await fixture.app.listen({ host: '127.0.0.1', port: 0 });
  });

  const open = (signal?: AbortSignal) =>
    fetch(`${base}/api/sessions/${session.slug}/qr/stream`, {
      headers: { authorization: `Bearer ${session.key}` },
      ...(signal && { signal }),
    });

  it('passes events on as they come, and lets go of the owner when the caller goes', async () => {
    worker.answer({ stream: EVENT });
    const leaving = new AbortController();
    const response = await open(leaving.signal);
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
      200,
      'text/event-stream',
      'no-store',
    ]);
    const { value } = await response.body!.getReader().read();
    expect(Buffer.from(value!).toString()).toBe(EVENT);
    expect(worker.openAnswers).toBe(1);
    leaving.abort();
    await waitFor(() => worker.openAnswers === 0);
  });

  it('is asked for again by the caller when the session has moved: 503 with Retry-After, one call only', async () => {
    worker.answer({ status: 421 });
    const response = await open();
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toMatchObject({ code: 'SESSION_MOVING', retryable: true });
    expect(worker.calls).toHaveLength(1);
    const next = await fixture.startWorker(`next-${count}`);
    await fixture.move(session);
    next.answer({ stream: EVENT });
    const again = await open();
    expect(again.status).toBe(200);
    await again.body!.cancel();
  });

  it('passes on refusals', async () => {
    worker.answer({ status: 409, body: { code: 'SESSION_ALREADY_PAIRED', error: 'It is linked.' } });
    expect(await (await open()).json()).toMatchObject({ code: 'SESSION_ALREADY_PAIRED', error: 'It is linked.' });
  });

  it('does not hold up the end of the gateway', async () => {
    const other = await createGatewayFixture();
    const owner = await other.startWorker('worker-1');
    owner.answer({ stream: EVENT });
    const watched = await other.createSession(await other.register());
    const address = await other.app.listen({ host: '127.0.0.1', port: 0 });
    const headers = { authorization: `Bearer ${watched.key}` };
    const response = await fetch(`${address}/api/sessions/${watched.slug}/qr/stream`, { headers });
    await other.close();
    await expect(response.text()).rejects.toThrow();
  });
});

describe('the QR code', () => {
  it.each([
    ['?format=png', {}, 'image/png', '\x89PNG'],
    ['', { accept: 'image/png' }, 'image/png', '\x89PNG'],
    ['?format=svg', {}, 'image/svg+xml', '<svg'],
    ['', { accept: 'image/svg+xml,*/*' }, 'image/svg+xml', '<svg'],
    ['', { accept: '*/*' }, 'application/json; charset=utf-8', '{"success":true'],
    ['?format=json', { accept: 'image/png' }, 'application/json; charset=utf-8', '{"success":true'],
  ])('%s %j is %s', async (query, headers, type, begins) => {
    worker.answer({ body: QR });
    const answer = await get(`/qr${query}`, headers);
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.raw.toString('latin1').startsWith(begins)).toBe(true);
  });

  it('refuses another format', async () => {
    expect((await get('/qr?format=gif')).status).toBe(400);
  });
});

describe('what no worker of ours answers', () => {
  it.each([{}, 'text', [], { code: 7, qr: 7, state: 'far out' }])('is 502 and no error of ours: %j', async (answer) => {
    worker.answer({ body: answer });
    for (const { status, body } of [
      await get('/qr'),
      await get('/health'),
      await post('/pairing-code', { phoneNumber: '+62 812 3456 7890' }),
    ]) {
      expect([status, body.code]).toEqual([502, 'WORKER_ERROR']);
    }
  });
});

describe('pairing code, restart, logout', () => {
  it('refuses a number that no country has', async () => {
    const { status, body } = await post('/pairing-code', { phoneNumber: '12345' });
    expect([status, body.code]).toEqual([400, 'INVALID_RECIPIENT']);
    expect(worker.calls).toEqual([]);
  });

  it.each(['restart', 'logout'])(
    '%s is done by the owner and answers the state, with or without a body',
    async (action) => {
      for (const options of [{}, { headers: { 'content-type': 'application/json' } }]) {
        const { status, body } = await fixture.call('POST', `/api/sessions/${session.slug}/${action}`, {
          as: session.key,
          ...options,
        });
        expect([status, body.data]).toEqual([
          200,
          { sessionId: session.slug, status: 'initializing', state: 'initializing' },
        ]);
      }
      expect(worker.calls.map(({ method, url }) => `${method} ${url}`)).toEqual(
        Array(2).fill(`POST /session/${session.id}/operations/sessions.${action}`),
      );
    },
  );
});

describe('a worker of the version before, during a rolling upgrade (MR-014)', () => {
  it.each([
    ['GET', '/qr', QR, 'GET', '/qr'],
    ['GET', '/health', HEALTH, 'GET', '/health'],
    ['POST', '/pairing-code', { code: 'ABCD-1234' }, 'POST', '/pairing-code'],
    ['POST', '/restart', {}, 'POST', '/restart'],
    ['POST', '/logout', {}, 'POST', '/logout'],
  ] as const)('does %s %s by its own route', async (method, path, answer, thereMethod, there) => {
    worker.knowOnly(thereMethod, `/session/${session.id}${there}`);
    worker.answer({ body: answer });
    const body = path === '/pairing-code' ? { phoneNumber: '+6281234567890' } : undefined;
    const { status } = await (method === 'GET' ? get(path) : post(path, body));
    expect(status).toBe(200);
    expect(worker.calls.map(({ url }) => url)).toEqual([
      expect.stringContaining('/operations/sessions.'),
      `/session/${session.id}${there}`,
    ]);
  });

  it('unlinks and deletes by its own route', async () => {
    worker.knowOnly('DELETE', `/session/${session.id}`);
    worker.answer({ body: { unlinked: true } });
    const { status, body } = await fixture.call('DELETE', `/api/sessions/${session.slug}`, { as: user.token });
    expect([status, body.data.unlinked]).toEqual([200, true]);
  });

  it('is said to be too old for what it cannot do', async () => {
    worker.knowOnly('GET', `/session/${session.id}/status`);
    const { status, body } = await post('/presence', { state: 'available' });
    expect([status, body.code, body.error]).toEqual([502, 'WORKER_ERROR', expect.stringContaining('older version')]);
  });
});

describe('an operation of the registry (MR-014)', () => {
  it('takes its input to the owner, recipients as jids, and answers what the owner says', async () => {
    worker.answer({ body: { state: 'composing' } });
    const { status, body } = await post('/presence', { state: 'composing', to: '+62 812 3456 7890' });
    expect([status, body.data]).toEqual([200, { state: 'composing' }]);
    expect(worker.calls).toMatchObject([
      {
        method: 'POST',
        url: `/session/${session.id}/operations/presence.set`,
        body: { state: 'composing', to: '6281234567890@s.whatsapp.net' },
      },
    ]);
  });

  it.each([
    [{ state: 'dancing' }, 'VALIDATION'],
    [{}, 'VALIDATION'],
    [{ state: 'available', more: 1 }, 'VALIDATION'],
    [{ state: 'composing' }, 'VALIDATION'],
    [{ state: 'available', to: '+6281234567890' }, 'VALIDATION'],
    [{ state: 'composing', to: '12345' }, 'INVALID_RECIPIENT'],
  ])('refuses %j with %s before anybody is asked', async (input, code) => {
    const { status, body } = await post('/presence', input);
    expect([status, body.code]).toEqual([400, code]);
    expect(worker.calls).toEqual([]);
  });

  it.each([
    [429, { code: 'WA_PACING', error: 'Too often.', retryAfter: 7 }, '7'],
    [404, { code: 'WA_NOT_FOUND', error: 'No such name.', details: { wa: '404' } }, undefined],
    [503, { code: 'OUTCOME_UNKNOWN', error: 'Who knows.' }, undefined],
    [410, { code: 'SESSION_LOGGED_OUT', error: 'It was.' }, undefined],
  ])('passes on what WhatsApp or the session says: %i', async (status, said, retryAfter) => {
    worker.answer({ status, body: said });
    const answer = await post('/presence', { state: 'available' });
    expect([answer.status, answer.body, answer.headers['retry-after']]).toMatchObject([status, said, retryAfter]);
    expect(worker.calls).toHaveLength(1);
  });

  it('is not for strangers', async () => {
    const url = `/api/sessions/${session.slug}/presence`;
    const stranger = await fixture.register();
    expect((await fixture.call('POST', url, { body: { state: 'available' } })).status).toBe(401);
    const theirs = await fixture.call('POST', url, { as: stranger.token, body: { state: 'available' } });
    expect([theirs.status, theirs.body.code, worker.calls]).toEqual([404, 'SESSION_NOT_FOUND', []]);
  });
});
