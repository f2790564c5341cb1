import { EVENTS } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { createLogger, newId, systemClock } from '@wa-gate/kit';
import { type LeasedWebhook, leaseWebhooks, readUndelivered } from '@wa-gate/messaging';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { Breaker } from './breaker.ts';
import { HeldWebhook } from './held-webhook.ts';
import { createResultWriter, type NewResult } from './result-writer.ts';

const fixture = useGateway({ WEBHOOK_ALLOW_PRIVATE: 'true' });
const logger = createLogger({ service: 'test', level: 'silent' });
let user: TestUser;
let holds: [HeldWebhook, HeldWebhook, HeldWebhook];

const held = (webhook: LeasedWebhook) =>
  new HeldWebhook(
    webhook,
    { channel: { send: () => Promise.reject(new Error('No attempt is made here.')) }, breaker: new Breaker() },
    Number.POSITIVE_INFINITY,
    0,
  );

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
});

/** Three webhooks with two events each, held by one process. */
beforeEach(async () => {
  const { pool } = fixture.database;
  await pool.query('DELETE FROM webhooks');
  for (let n = 0; n < 3; n += 1) {
    const session = await fixture.createSession(user);
    await fixture.call('PUT', `/api/sessions/${session.slug}/webhook`, {
      as: session.key,
      body: { url: 'http://127.0.0.1:9/hook' },
    });
    for (let event = 0; event < 2; event += 1) {
      await fixture.appendEvent(session, { type: 'session.status', data: EVENTS['session.status'].example });
    }
  }
  const leased = await leaseWebhooks(pool, { leasedBy: newId(), limit: 3 });
  expect(leased.map(({ cursor }) => cursor)).toEqual([0, 0, 0]);
  holds = leased.map(held) as typeof holds;
});

interface Observed {
  statements: number;
  /** Webhooks that a write has found not held any more. */
  lost: string[];
}

function writer(seen: Observed = { statements: 0, lost: [] }, lingerMs = 1) {
  const { pool } = fixture.database;
  const counted: Queryable = {
    query: ((...query: Parameters<typeof pool.query>) => {
      seen.statements += 1;
      return pool.query(...query);
    }) as Queryable['query'],
  };
  return createResultWriter({
    pool: counted,
    clock: systemClock,
    logger,
    lingerMs,
    held: (id) => holds.find(({ webhookId }) => webhookId === id),
    onWritten(written, found) {
      for (const { webhookId } of written) if (!found.has(webhookId)) seen.lost.push(webhookId);
    },
  });
}

const result = ({ webhookId, sessionId }: HeldWebhook, more: Partial<NewResult> = {}): NewResult => ({
  webhookId,
  sessionId,
  seq: 1,
  status: 'DELIVERED',
  isAttempt: true,
  refusals: 0,
  durationMs: 3,
  responseCode: 200,
  ...more,
});
const stateOf = async ({ webhookId }: HeldWebhook, seq = 1) =>
  (
    await fixture.database.pool.query(
      'SELECT status, attempts, last_error, answer, duration_ms FROM webhook_deliveries WHERE webhook_id = $1 AND seq = $2',
      [webhookId, seq],
    )
  ).rows[0];
const webhookOf = async ({ webhookId }: HeldWebhook) =>
  (
    await fixture.database.pool.query('SELECT failure_count, last_delivery, cursor FROM webhooks WHERE id = $1', [
      webhookId,
    ])
  ).rows[0];

it('results of all webhooks are one statement, with their cursors', async () => {
  const seen: Observed = { statements: 0, lost: [] };
  const results = writer(seen);
  await Promise.all(holds.flatMap((hold) => [results.add(result(hold)), results.add(result(hold, { seq: 2 }))]));
  expect(seen).toEqual({ statements: 1, lost: [] });
  for (const hold of holds) {
    expect(await stateOf(hold, 2)).toMatchObject({ status: 'DELIVERED', attempts: 1, duration_ms: 3 });
    expect((await webhookOf(hold)).last_delivery).toBeInstanceOf(Date);
  }
});

it('an attempt that was made under a lost lease is recorded, and only that lease is lost', async () => {
  const seen: Observed = { statements: 0, lost: [] };
  const results = writer(seen);
  const [, lost] = holds;
  await fixture.database.pool.query('UPDATE webhooks SET leased_by = gen_random_uuid() WHERE id = $1', [
    lost.webhookId,
  ]);
  await Promise.all(holds.map((hold) => results.add(result(hold))));
  expect(seen.lost).toEqual([lost.webhookId]);
  for (const hold of holds) expect(await stateOf(hold)).toMatchObject({ status: 'DELIVERED', attempts: 1 });
  expect((await webhookOf(lost)).last_delivery).toBeNull();
});

it('what is delivered stays delivered, whatever a slower process says of its own attempt', async () => {
  const results = writer();
  const [hold] = holds;
  await results.add(result(hold));
  await results.add(result(hold, { status: 'RETRYING', delayMs: 0, error: 'no' }));
  expect(await stateOf(hold)).toMatchObject({ status: 'DELIVERED', attempts: 1, last_error: null });
});

it('a webhook that is gone is lost, and nothing is recorded for it', async () => {
  const seen: Observed = { statements: 0, lost: [] };
  const [gone] = holds;
  await fixture.database.pool.query('DELETE FROM webhooks WHERE id = $1', [gone.webhookId]);
  await writer(seen).add(result(gone));
  expect(seen.lost).toEqual([gone.webhookId]);
  // The row is being erased; nothing is written into it.
  expect(await stateOf(gone)).toMatchObject({ status: 'PENDING', attempts: 0 });
});

it('failures are counted since the last success', async () => {
  const results = writer();
  const [hold] = holds;
  const failed = { status: 'RETRYING', delayMs: 1_000, error: 'no' } as const;
  await Promise.all([results.add(result(hold, failed)), results.add(result(hold, { ...failed, seq: 2 }))]);
  expect(await webhookOf(hold)).toMatchObject({ failure_count: 2 });
  await results.add(result(hold));
  expect(await webhookOf(hold)).toMatchObject({ failure_count: 0 });
  await results.add(result(hold, { ...failed, seq: 2 }));
  expect(await webhookOf(hold)).toMatchObject({ failure_count: 1 });
  expect(await stateOf(hold, 2)).toMatchObject({ status: 'RETRYING', attempts: 2 });
});

it('an event that stays in line has its attempts, and bounds the cursor', async () => {
  const results = writer();
  const [hold] = holds;
  const found = await readUndelivered(
    fixture.database.pool,
    [{ webhookId: hold.webhookId, leasedBy: hold.leasedBy, after: 0 }],
    10,
  );
  hold.beginRead();
  hold.endRead(found.get(hold.webhookId));
  const inLine = { status: 'PENDING', error: 'no', answer: 'busy', delayMs: 1_000 } as const;
  await results.add(result(hold, inLine));
  await results.add(result(hold, inLine));
  expect(await stateOf(hold)).toMatchObject({ status: 'PENDING', attempts: 2, last_error: 'no', answer: 'busy' });
  expect(await webhookOf(hold)).toMatchObject({ failure_count: 2, cursor: 0 });
  await results.add(result(hold));
  expect(await stateOf(hold)).toMatchObject({ status: 'DELIVERED', attempts: 3, answer: null });
  expect(await webhookOf(hold)).toMatchObject({ cursor: 1 });
});

it('a result that cannot be written ends alone', async () => {
  const results = writer();
  const [first, bad, last] = holds;
  await Promise.all([
    results.add(result(first)),
    results.add(result(bad, { status: 'RETRYING', error: 'no \0 in a text', delayMs: 0 })),
    results.add(result(last)),
  ]);
  expect(await stateOf(first)).toMatchObject({ status: 'DELIVERED' });
  expect(await stateOf(bad)).toMatchObject({ status: 'PENDING' });
  expect(await stateOf(last)).toMatchObject({ status: 'DELIVERED' });
});
