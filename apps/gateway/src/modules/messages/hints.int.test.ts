import { redisKeys } from '@wa-gate/kit';
import { claimOutbox, recordOutcomes, type WorkerFrame } from '@wa-gate/messaging';
import { createFaultProxy, type FaultProxy, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createGatewayFixture,
  type GatewayFixture,
  type TestSession,
  type TestUser,
} from '../../testing/gateway-fixture.ts';
import { msOf, shortest } from '../../testing/timing.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';

/** Redis as this gateway sees it. */
let redisLine: FaultProxy;
let fixture: GatewayFixture;
let user: TestUser;
let worker: WorkerStandIn;
let session: TestSession;

beforeAll(async () => {
  redisLine = await createFaultProxy(testRedisUrl());
  fixture = await createGatewayFixture({}, { redis: redisLine.url, cutsDatabase: true });
  fixture.gateway.start();
  user = await fixture.register();
});
afterAll(async () => {
  await fixture?.close();
  await redisLine?.close();
});

let count = 0;
/** A session at a worker of its own. */
async function begin(): Promise<void> {
  count += 1;
  await fixture.database.pool.query(`UPDATE workers SET admin_state = 'CORDONED'`);
  worker = await fixture.startWorker(`worker-${count}`);
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
}
beforeEach(begin);

const send = (timeoutMs = 10_000) =>
  fixture.call('POST', `/api/sessions/${session.slug}/send?timeoutMs=${timeoutMs}`, {
    as: session.key,
    body: { to: '6281234567890', type: 'text', message: 'hello' },
  });

/** What the owner does with a message: takes it, writes that it was sent, and says so over its control streams. */
async function deliver(isTold = true, epoch = 1): Promise<void> {
  const owner = { sessionId: session.id, epoch };
  const { pool } = fixture.database;
  const { waMessageId } = await waitFor(async () => (await claimOutbox(pool, [owner], 1))[0], { everyMs: 5 });
  const { moved } = await recordOutcomes(pool, [{ ...owner, waMessageId, state: 'SENT', at: new Date() }]);
  if (isTold) worker.say({ type: 'hints', hints: [{ sessionId: session.id, seq: 1, messages: moved }] } as WorkerFrame);
}

const redisAnswers = () =>
  waitFor(async () => (await fixture.call('GET', '/api/health')).body.services.redis === 'connected');
const doorbells = (of = worker) => of.frames.flatMap((frame) => (frame.type === 'bell' ? frame.sessionIds : []));

/** Resolves when the message was sent, and its sender told so. */
async function sent(isTold = true): Promise<void> {
  const [{ body }] = await Promise.all([send(), deliver(isTold)]);
  expect(body.data.status).toBe('sent');
}
/** The row of a message is first read after a second: an earlier answer comes from a hint. */
const BEFORE_THE_FIRST_LOOK_MS = 900;

describe('with a stream to the owner, a send needs nothing of Redis (MR-142)', () => {
  it('I10 neither for its doorbell nor for its outcome: there is no subscription, and nothing is published', async () => {
    await worker.isHeard();
    const watcher = fixture.redis.duplicate();
    const published: string[] = [];
    watcher.on('message', (channel) => published.push(channel));
    await watcher.connect();
    await watcher.subscribe(redisKeys.sessionDoorbell(session.id));
    const [{ status, body }] = await Promise.all([send(), deliver()]);
    expect([status, body.data.status]).toEqual([200, 'sent']);
    await waitFor(() => doorbells().length === 1);
    expect(doorbells()).toEqual([session.id]);
    expect(await fixture.redis.pubsub('NUMSUB', redisKeys.events(session.id))).toEqual([
      redisKeys.events(session.id),
      0,
    ]);
    expect(published).toEqual([]);
    watcher.disconnect();
  });

  it('a Redis that has gone silent delays nothing', async () => {
    await worker.isHeard();
    redisLine.set('stall');
    const tookMs = await shortest(BEFORE_THE_FIRST_LOOK_MS, () => msOf(sent));
    redisLine.set('forward');
    expect(tookMs).toBeLessThan(BEFORE_THE_FIRST_LOOK_MS);
  });

  it('a hint that is lost costs a second', async () => {
    await worker.isHeard();
    expect(await shortest(3_000, () => msOf(() => sent(false)))).toBeLessThan(3_000);
  });

  it('the end of the stream makes those who wait look for themselves', async () => {
    const measure = async () => {
      await begin();
      await worker.isHeard();
      const waiting = send();
      await deliver(false);
      worker.be({ incarnation: 0 });
      worker.hangUp();
      return msOf(async () => expect((await waiting).body.data.status).toBe('sent'));
    };
    expect(await shortest(BEFORE_THE_FIRST_LOOK_MS, measure)).toBeLessThan(BEFORE_THE_FIRST_LOOK_MS);
  });

  it('everybody who waits for one message is told', async () => {
    await worker.isHeard();
    const again = () =>
      fixture.call('POST', `/api/sessions/${session.slug}/send`, {
        as: session.key,
        body: { to: '6281234567890', type: 'text', message: 'hello' },
        headers: { 'idempotency-key': 'once' },
      });
    const both = Promise.all([again(), again()]);
    await deliver();
    const [first, second] = await both;
    expect([first.body.data, second.body.data.status]).toEqual([second.body.data, 'sent']);
  });

  it('I6 a doorbell for a former owner goes to the present one', async () => {
    await worker.isHeard();
    await Promise.all([send(), deliver()]); // from now on it is known who hosts the session
    const next = await fixture.startWorker(`next-${count}`);
    await next.isHeard();
    await fixture.move(session);
    const sending = send();
    await waitFor(() => doorbells().length === 2);
    worker.say({ type: 'strays', sessionIds: [session.id] });
    await waitFor(() => doorbells(next).includes(session.id));
    await deliver(false, 3);
    expect((await sending).body.data.status).toBe('sent');
  });
});

it('I8 what was accepted is answered as accepted, when PostgreSQL goes away during the wait', async () => {
  await worker.isHeard();
  const sending = send(3_000);
  // The doorbell follows the commit, so the gateway has accepted the message.
  await waitFor(() => doorbells().length === 1);
  fixture.databaseLine.set('refuse');
  const { status, body } = await sending;
  fixture.databaseLine.set('forward');
  expect([status, body.data]).toMatchObject([202, { status: 'queued', messageId: expect.any(String) }]);
});

describe('without a stream to the owner', () => {
  beforeEach(async () => {
    worker.be({ incarnation: 0 });
    worker.hangUp();
    await waitFor(() => worker.streams.size === 0);
    await redisAnswers();
  });

  it('a Redis that has gone silent costs a moment, not the whole wait', async () => {
    redisLine.set('stall');
    const tookMs = await shortest(1_500, () => msOf(() => sent(false)));
    redisLine.set('forward');
    expect(tookMs).toBeLessThan(1_500);
  });

  it('the doorbell goes over Redis', async () => {
    const owner = fixture.redis.duplicate();
    let heard = '';
    owner.on('message', (channel) => {
      heard = channel;
    });
    await owner.connect();
    await owner.subscribe(redisKeys.sessionDoorbell(session.id));
    await Promise.all([send(), deliver(false)]);
    await waitFor(() => heard === redisKeys.sessionDoorbell(session.id));
    owner.disconnect();
  });
});
