import { claimOutbox, type Outcome, publishHints, recordOutcomes } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
});

const text = { to: '6281234567890', message: 'Hello from API!' };
const send = (body: Record<string, unknown> = text, key?: string, query = '?wait=queued') =>
  fixture.call('POST', `/api/sessions/${session.slug}/send${query}`, {
    as: session.key,
    body,
    ...(key !== undefined && { headers: { 'idempotency-key': key } }),
  });
const messageCount = async () =>
  (await fixture.database.pool.query('SELECT 1 FROM messages WHERE session_id = $1', [session.id])).rowCount;

const owner = () => ({ sessionId: session.id, epoch: 1 });
const claim = () => waitFor(async () => (await claimOutbox(fixture.database.pool, [owner()], 10))[0]);
async function settle(waMessageId: string, state: Outcome['state'], more: Partial<Outcome> = {}) {
  const outcome = { ...owner(), waMessageId, state, at: new Date(), ...more };
  const { moved } = await recordOutcomes(fixture.database.pool, [outcome]);
  publishHints(fixture.redis, [{ sessionId: session.id, seq: 1, messages: moved }]);
}

describe('Idempotency-Key', () => {
  it('makes one message of 50 requests at once, and all are answered with it', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(text, 'order-1')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.data.messageId)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.data.waMessageId)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(49);
    expect(await messageCount()).toBe(1);
  });

  it('costs nothing when it comes again, nor does a request that is refused, and the headers say so', async () => {
    const left = async (answer: ReturnType<typeof send>) => Number((await answer).headers['ratelimit-remaining']);
    const afterFirst = await left(send(text, 'order-1'));
    expect(await left(send(text, 'order-1'))).toBe(afterFirst);
    expect(await left(send({ nothing: 'right' }))).toBe(afterFirst);
    expect(await left(send(text, 'order-2'))).toBe(afterFirst - 1);
  });

  it('a replay waits as the first request does, and both are answered by the same acknowledgement', async () => {
    const first = send(text, 'order-1', '');
    const item = await claim();
    const second = send(text, 'order-1', '');
    const queued = await send(text, 'order-1');
    expect([queued.status, queued.body.data.state]).toEqual([202, 'sending']);
    await settle(item.waMessageId, 'SENT');
    for (const { status, body } of [await first, await second]) {
      expect([status, body.data]).toMatchObject([
        200,
        { messageId: item.messageId, waMessageId: item.waMessageId, status: 'sent', state: 'sent' },
      ]);
    }
    expect((await first).headers['idempotent-replayed']).toBeUndefined();
    expect((await second).headers['idempotent-replayed']).toBe('true');
  });

  it('a replay tells what the message is now, at once', async () => {
    await send(text, 'order-1');
    const item = await claim();
    await settle(item.waMessageId, 'FAILED', { errorCode: '479', errorMessage: 'refused' });
    const { status, body } = await send(text, 'order-1', '');
    expect([status, body.data]).toMatchObject([
      200,
      {
        messageId: item.messageId,
        waMessageId: item.waMessageId,
        status: 'failed',
        state: 'failed',
        error: { code: '479', message: 'refused' },
      },
    ]);
    await settle(item.waMessageId, 'READ');
    expect((await send(text, 'order-1', '?wait=delivered')).body.data.status).toBe('read');
    expect(await messageCount()).toBe(1);
  });

  it('refuses another request under the same key, whatever differs', async () => {
    await send({ ...text, metadata: { a: 1, b: 2 } }, 'order-1');
    for (const other of [
      { ...text, message: 'other' },
      { ...text, to: '6281234567891' },
      { ...text, metadata: { a: 2, b: 2 } },
      { ...text, onUncertain: 'fail', metadata: { a: 1, b: 2 } },
    ]) {
      const { status, body } = await send(other, 'order-1');
      expect([status, body.code]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
    }
    const same = await send({ metadata: { b: 2, a: 1 }, to: `+${text.to}`, text: text.message }, 'order-1');
    expect([same.status, same.headers['idempotent-replayed']]).toEqual([202, 'true']);
  });

  it('counts within its session, by whichever key of the workspace it is called', async () => {
    await send(text, 'order-1');
    const other = await fixture.createSession(user);
    await fixture.setState(other, 'CONNECTED');
    const elsewhere = await fixture.call('POST', `/api/sessions/${other.slug}/send?wait=queued`, {
      as: user.token,
      body: text,
      headers: { 'idempotency-key': 'order-1' },
    });
    expect(elsewhere.headers['idempotent-replayed']).toBeUndefined();
    const byUser = await fixture.call('POST', `/api/sessions/${session.slug}/send?wait=queued`, {
      as: user.token,
      body: text,
      headers: { 'idempotency-key': 'order-1' },
    });
    expect(byUser.headers['idempotent-replayed']).toBe('true');
  });

  it('of a message that is deleted by now sends nothing again, and says so', async () => {
    const byKey = await send(text, 'order-1');
    const byOwnId = await send({ ...text, clientMessageId: 'c1' });
    const ids = [byKey, byOwnId].map(({ body }) => body.data.messageId);
    await fixture.database.pool.query('DELETE FROM messages WHERE id = ANY($1)', [ids]);
    const answers = [
      await send(text, 'order-1'),
      await send(text, 'order-1', ''),
      await send({ ...text, clientMessageId: 'c1' }),
    ];
    expect(answers.map(({ status, body }) => [status, body.code, body.retryable])).toEqual(
      answers.map(() => [410, 'IDEMPOTENCY_GONE', false]),
    );
    expect(await messageCount()).toBe(0);
    expect((await send(text, 'order-2')).status).toBe(202);
  });

  it('stores nothing of a request that is refused', async () => {
    await fixture.setState(session, 'QR_REQUIRED', false);
    expect((await send(text, 'order-1')).status).toBe(409);
    await fixture.setState(session, 'CONNECTED');
    expect((await send(text, 'order-1')).headers['idempotent-replayed']).toBeUndefined();
  });

  it.each(['', 'a b', 'ä', 'x'.repeat(256)])('refuses the key "%s"', async (key) => {
    const { status, body } = await send(text, key);
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
    expect(body.error).toMatch(/Idempotency-Key/);
  });
});

describe('clientMessageId', () => {
  it('is known beyond the key of the request', async () => {
    const first = await send({ ...text, clientMessageId: 'c 1 ä' }, 'k1');
    const again = await send({ ...text, clientMessageId: 'c 1 ä' }, 'k2');
    const without = await send({ ...text, clientMessageId: 'c 1 ä' });
    for (const { body, headers } of [again, without]) {
      expect([body.data.messageId, headers['idempotent-replayed']]).toEqual([first.body.data.messageId, 'true']);
    }
    expect((await send({ ...text, message: 'other', clientMessageId: 'c 1 ä' })).status).toBe(422);
    expect(await messageCount()).toBe(1);
  });

  it.each(['', 'x'.repeat(129), 'a\u0000b'])('refuses what is none (%j)', async (clientMessageId) => {
    expect((await send({ ...text, clientMessageId })).status).toBe(400);
  });
});

describe('onUncertain', () => {
  it('is kept with the message; `unknown` ends the wait and says why', async () => {
    const answer = send({ ...text, onUncertain: 'fail' }, undefined, '');
    const item = await claim();
    expect(item.failIfUncertain).toBe(true);
    await settle(item.waMessageId, 'UNKNOWN', { errorCode: 'SEND_UNCERTAIN', errorMessage: 'who knows' });
    const { status, body } = await answer;
    expect([status, body.data]).toMatchObject([
      200,
      { status: 'failed', state: 'unknown', error: { code: 'SEND_UNCERTAIN', message: 'who knows' } },
    ]);
    const list = await fixture.call('GET', `/api/sessions/${session.slug}/messages?status=failed`, { as: session.key });
    expect(list.body.data.messages).toMatchObject([{ state: 'unknown', error: { code: 'SEND_UNCERTAIN' } }]);
  });
});

it('a time-locked account may not begin a chat: 423, with the end and how long to wait', async () => {
  const until = new Date(Date.now() + 600_000);
  await fixture.database.pool.query('UPDATE sessions SET reachout_locked_until = $2 WHERE id = $1', [
    session.id,
    until,
  ]);
  const { status, body, headers } = await send();
  expect([status, body.code, body.retryable]).toEqual([423, 'WA_REACHOUT_TIMELOCK', true]);
  expect(body.details).toEqual({ until: until.toISOString() });
  expect(body.retryAfter).toBeGreaterThan(500);
  expect(body.retryAfter).toBeLessThanOrEqual(600);
  expect(Number(headers['retry-after'])).toBe(body.retryAfter);
});
