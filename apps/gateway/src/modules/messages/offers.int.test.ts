import {
  acceptAtOwner,
  claimOutbox,
  fromOffer,
  type OfferedMessage,
  recordOutcomes,
  type WorkerFrame,
} from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createGatewayFixture,
  type GatewayFixture,
  type TestSession,
  type TestUser,
} from '../../testing/gateway-fixture.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';

let fixture: GatewayFixture;
let user: TestUser;
let worker: WorkerStandIn;
let session: TestSession;

beforeAll(async () => {
  fixture = await createGatewayFixture();
  fixture.gateway.start();
  user = await fixture.register();
});
afterAll(() => fixture?.close());

let count = 0;
/** A session at a worker of its own, which takes offers. */
beforeEach(async () => {
  count += 1;
  await fixture.database.pool.query(`UPDATE workers SET admin_state = 'CORDONED'`);
  const workerId = `worker-${count}`;
  worker = await fixture.startWorker(workerId);
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
  await worker.isHeard();
  worker.say({ type: 'hello', workerId, incarnation: 1, takesOffers: true });
  // A hint leads the gateway to the owner, and is read after the frame before.
  worker.say({ type: 'hints', hints: [{ sessionId: session.id, seq: 1, messages: [] }] });
  await waitFor(async () => {
    const sending = send('?timeoutMs=100');
    const isOffered = await waitFor(() => offers().length > 0 || doorbells() > 0).then(() => offers().length > 0);
    await sending;
    await clear();
    return isOffered;
  });
});

/** Nothing of this session waits. */
async function clear(): Promise<void> {
  await fixture.database.pool.query('DELETE FROM messages WHERE session_id = $1', [session.id]);
  worker.frames.splice(0);
}

const send = (query = '', more: { headers?: Record<string, string>; text?: string } = {}) =>
  fixture.call('POST', `/api/sessions/${session.slug}/send${query}`, {
    as: session.key,
    body: { to: '6281234567890', type: 'text', message: more.text ?? 'hello', metadata: { order: 7 } },
    ...(more.headers && { headers: more.headers }),
  });
const offers = (): OfferedMessage[] => worker.frames.flatMap((frame) => (frame.type === 'offer' ? frame.messages : []));
const doorbells = () => worker.frames.filter(({ type }) => type === 'bell').length;
const withdrawals = () => worker.frames.flatMap((frame) => (frame.type === 'withdraw' ? frame.messages : []));
const offered = () => waitFor(() => offers()[0]);
const owner = () => ({ sessionId: session.id, epoch: 1 });

/** What the owner does with an offer. */
async function take(offer: OfferedMessage): Promise<boolean> {
  const message = fromOffer(offer);
  const { messageId } = message;
  const { accepted } = await acceptAtOwner(
    fixture.database.pool,
    [{ owner: owner(), message, payload: Buffer.from('bytes') }],
    [{ owner: owner(), upserts: [], deletes: [], messageId }],
  );
  return accepted.has(messageId);
}
const decline = ({ messageId }: OfferedMessage) => worker.say({ type: 'declined', messageIds: [messageId] });
async function acknowledge({ waMessageId }: Pick<OfferedMessage, 'waMessageId'>): Promise<void> {
  const outcome = { ...owner(), waMessageId, state: 'SENT' as const, at: new Date() };
  const { moved } = await recordOutcomes(fixture.database.pool, [outcome]);
  worker.say({ type: 'hints', hints: [{ sessionId: session.id, seq: 1, messages: moved }] } as WorkerFrame);
}
async function deliverFromOutbox(): Promise<void> {
  await acknowledge(await waitFor(async () => (await claimOutbox(fixture.database.pool, [owner()], 1))[0]));
}
async function rows() {
  const { rows: found } = await fixture.database.pool.query(
    `SELECT m.id AS "messageId", m.state, o.state AS outbox, o.attempts FROM messages m JOIN outbox o ON o.message_id = m.id
     WHERE m.session_id = $1`,
    [session.id],
  );
  return found;
}

describe('a send whose caller waits is offered to the owner of the session (MR-011)', () => {
  it('which accepts it: the gateway writes nothing, and rings no doorbell', async () => {
    const sending = send();
    const offer = await offered();
    expect(offer).toMatchObject({ chatJid: '6281234567890@s.whatsapp.net', metadata: { order: 7 } });
    expect(await take(offer)).toBe(true);
    await acknowledge(offer);
    const { status, body } = await sending;
    const { messageId, waMessageId } = offer;
    expect([status, body.data]).toMatchObject([200, { messageId, waMessageId, status: 'sent', state: 'sent' }]);
    expect([doorbells(), withdrawals()]).toEqual([0, []]);
    expect(await rows()).toEqual([{ messageId, state: 'SENT', outbox: 'SENT', attempts: 1 }]);
  });

  it('or declines: the gateway accepts it at once', async () => {
    const sending = send();
    const offer = await offered();
    decline(offer);
    await deliverFromOutbox();
    const { status, body } = await sending;
    expect([status, body.data.messageId, body.data.status]).toEqual([200, offer.messageId, 'sent']);
    expect(doorbells()).toBe(1);
    expect(await rows()).toHaveLength(1);
  });

  it('or says nothing: the gateway withdraws it after a second and accepts it', async () => {
    const sending = send();
    const { sessionId, messageId } = await offered();
    await deliverFromOutbox();
    expect((await sending).body.data).toMatchObject({ messageId, status: 'sent' });
    expect(withdrawals()).toEqual([{ sessionId, messageId }]);
    // An owner that wakes up only now.
    expect(await take(offers()[0]!)).toBe(false);
    expect(await rows()).toEqual([{ messageId, state: 'SENT', outbox: 'SENT', attempts: 1 }]);
  });

  it('and what it has accepted is waited for, when WhatsApp needs longer than the patience of the offer', async () => {
    const sending = send();
    const offer = await offered();
    expect(await take(offer)).toBe(true);
    await waitFor(() => doorbells() === 1);
    await acknowledge(offer);
    expect((await sending).body.data).toMatchObject({ messageId: offer.messageId, status: 'sent' });
    expect(await rows()).toHaveLength(1);
  });

  it('until its stream ends: the gateway accepts it at once', async () => {
    const sending = send();
    const offer = await offered();
    worker.be({ incarnation: 0 });
    worker.hangUp();
    await deliverFromOutbox();
    expect((await sending).body.data).toMatchObject({ messageId: offer.messageId, status: 'sent' });
    expect(await rows()).toHaveLength(1);
  });

  it('at the time-out of a short wait, what is true is answered', async () => {
    const first = send('?timeoutMs=200');
    const offer = await offered();
    expect(await take(offer)).toBe(true);
    expect(await first).toMatchObject({
      status: 202,
      body: { data: { messageId: offer.messageId, state: 'sending' } },
    });
    await clear();
    const second = await send('?timeoutMs=200');
    expect(second).toMatchObject({ status: 202, body: { data: { state: 'queued' } } });
  });

  it('with wait=queued it is not: the answer is the accept', async () => {
    expect(await send('?wait=queued')).toMatchObject({ status: 202, body: { data: { state: 'queued' } } });
    await waitFor(() => doorbells() === 1);
    expect(offers()).toEqual([]);
  });
});

describe('what the owner declines is answered as ever', () => {
  it('a repetition under one key with its first message, another request under it with 422', async () => {
    const headers = { 'idempotency-key': 'once' };
    const first = send('', { headers });
    const offer = await offered();
    expect(await take(offer)).toBe(true);
    await acknowledge(offer);
    await first;
    for (const [text, status] of [
      ['hello', 200],
      ['another', 422],
    ] as const) {
      worker.frames.splice(0);
      const again = send('', { headers, text });
      const repeated = await offered();
      expect(await take(repeated)).toBe(false);
      decline(repeated);
      const answer = await again;
      expect(answer.status).toBe(status);
      if (status === 200) expect(answer.body.data.messageId).toBe(offer.messageId);
    }
    expect(await rows()).toHaveLength(1);
  });

  it('a session that is logged out with its refusal', async () => {
    const sending = send();
    const offer = await offered();
    await fixture.setState(session, 'LOGGED_OUT');
    expect(await take(offer)).toBe(false);
    decline(offer);
    expect((await sending).body.code).toBe('SESSION_LOGGED_OUT');
    expect(await rows()).toEqual([]);
  });

  it('but what it has accepted at the last moment counts, whatever the session says now (I8)', async () => {
    const sending = send('?timeoutMs=1500');
    const offer = await offered();
    expect(await take(offer)).toBe(true);
    await fixture.setState(session, 'LOGGED_OUT');
    expect(await sending).toMatchObject({ status: 202, body: { data: { messageId: offer.messageId } } });
  });
});
