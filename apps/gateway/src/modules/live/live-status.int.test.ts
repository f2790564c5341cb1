import { setTimeout as sleep } from 'node:timers/promises';
import { STATUS_TIMEOUT_MS } from '@wa-gate/contracts';
import { waitFor } from '@wa-gate/testkit';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { TestSession } from '../../testing/gateway-fixture.ts';
import { msOf, shortest } from '../../testing/timing.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';

const fixture = useGateway();
let worker: WorkerStandIn;
let session: TestSession;
beforeAll(async () => {
  const user = await fixture.register();
  worker = await fixture.startWorker('worker-1');
  session = await fixture.createSession(user);
});
beforeEach(async () => {
  worker.be({ incarnation: 1 });
  worker.answer({});
  await fixture.setState(session, 'RECONNECTING');
});

/** At most. */
const LOCKED_MS = 3_000;
/** From the worker; one that a busy machine holds up for a second is answered for by the database. */
const liveStatus = () =>
  waitFor(async () => {
    const told = await status();
    return told.source === 'worker' && told;
  });
const status = async () =>
  (await fixture.call('GET', `/api/sessions/${session.slug}/status`, { as: session.key })).body.data;

const ACCOUNT = {
  phoneNumber: '+6281234567890',
  pushName: 'Ann',
  connectedAt: '2026-01-15T10:30:00.000Z',
  lastSeenAt: '2026-01-15T10:31:00.000Z',
  restriction: null,
  messageCapping: null,
};
const CONNECTED = { status: 'connected', state: 'connected', reason: null, code: null, workerId: 'worker-1' };

it('is what the owner says now, and of a connected session it needs no database (MR-008)', async () => {
  worker.answer({ body: { ...CONNECTED, sessionId: session.id, account: ACCOUNT } });
  const expected = { sessionId: session.slug, ...CONNECTED, ...ACCOUNT, source: 'worker' };
  expect(await liveStatus()).toEqual(expected);

  // The lock blocks every reader of sessions. Where a busy machine has kept the revocations from being read, the key is
  // read, with its session.
  const client = await fixture.database.pool.connect();
  const measure = async () => {
    await client.query('BEGIN');
    await client.query('LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE');
    const asking = msOf(async () => expect(await status()).toEqual(expected));
    await Promise.race([asking, sleep(LOCKED_MS)]);
    await client.query('ROLLBACK');
    return asking;
  };
  expect(await shortest(LOCKED_MS, measure).finally(() => client.release(true))).toBeLessThan(LOCKED_MS);
});

it('is completed by the row while there is no connection', async () => {
  await fixture.database.pool.query(`UPDATE sessions SET phone_number = '6281234567890' WHERE id = $1`, [session.id]);
  const live = { status: 'reconnecting', state: 'stale', reason: 'It is silent.', code: 'silent' };
  worker.answer({ body: { ...live, sessionId: session.id, workerId: 'worker-1' } });
  expect(await liveStatus()).toMatchObject({ ...live, source: 'worker', phoneNumber: '+6281234567890' });
});

it('is what the row says while its worker has not begun with the session', async () => {
  const live = { status: 'initializing', state: 'initializing', reason: null, code: null, workerId: 'worker-1' };
  worker.answer({ body: { ...live, sessionId: session.id } });
  expect(await status()).toMatchObject({ source: 'database', status: 'reconnecting' });
});

it.each([
  ['refuses it as not its own', () => worker.answer({ status: 421, body: {} })],
  ['fails', () => worker.answer({ status: 500, body: { code: 'INTERNAL' } })],
  ['does not prove who it is', () => worker.be(null)],
  ['says something that is no status', () => worker.answer({ body: { status: 'connected', state: 'never heard of' } })],
])('is what the row says when the worker %s, and says so (MR-008)', async (_what, happens) => {
  happens();
  expect(await status()).toMatchObject({ source: 'database', status: 'reconnecting', workerId: 'worker-1' });
});

it('does not wait long for a worker that says nothing', async () => {
  worker.answer({ stream: ': nothing\n\n' });
  const asking = async () => expect(await status()).toMatchObject({ source: 'database' });
  const bound = STATUS_TIMEOUT_MS + 1_000;
  expect(await shortest(bound, () => msOf(asking))).toBeLessThan(bound);
});

it('is what the row says when no worker hosts the session', async () => {
  await fixture.database.pool.query(
    `UPDATE session_placements SET state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL, epoch = epoch + 1 WHERE session_id = $1`,
    [session.id],
  );
  worker.answer({ status: 421, body: {} });
  expect(await status()).toMatchObject({ source: 'database', workerId: null });
});
