import { EVENTS } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { type DeliveryResult, type LeasedWebhook, leaseDueWebhooks } from '@wa-gate/messaging';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { createResultWriter } from './result-writer.ts';

const LEASE_MS = 30_000;
const fixture = useGateway({ WEBHOOK_ALLOW_PRIVATE: 'true' });
let user: TestUser;
let leased: [LeasedWebhook, LeasedWebhook, LeasedWebhook];

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
});

/** Three webhooks with two events each, leased by one drain. */
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
  const rows = await leaseDueWebhooks(pool, { leasedBy: newId(), leaseMs: LEASE_MS, limit: 3 });
  leased = rows as typeof leased;
  expect(leased).toHaveLength(3);
});

const writer = () => createResultWriter({ pool: fixture.database.pool, leaseMs: LEASE_MS });
const result = (webhook: LeasedWebhook, more: Partial<DeliveryResult> = {}): DeliveryResult => ({
  webhookId: webhook.webhookId,
  leasedBy: webhook.leasedBy,
  sessionId: webhook.sessionId,
  seq: 1,
  status: 'DELIVERED',
  responseCode: 200,
  ...more,
});
const stateOf = async ({ webhookId }: LeasedWebhook, seq = 1) =>
  (
    await fixture.database.pool.query(
      'SELECT status, attempts, last_error FROM webhook_deliveries WHERE webhook_id = $1 AND seq = $2',
      [webhookId, seq],
    )
  ).rows[0];
const failuresOf = async ({ webhookId }: LeasedWebhook) =>
  (await fixture.database.pool.query('SELECT failure_count FROM webhooks WHERE id = $1', [webhookId])).rows[0]
    .failure_count;

it('what comes while a statement runs shares the next one', async () => {
  const { pool } = fixture.database;
  let statements = 0;
  const counted: Queryable = {
    query: ((...query: Parameters<typeof pool.query>) => {
      statements += 1;
      return pool.query(...query);
    }) as Queryable['query'],
  };
  const results = createResultWriter({ pool: counted, leaseMs: LEASE_MS });
  expect(await Promise.all(leased.map((webhook) => results.record(result(webhook))))).toEqual([true, true, true]);
  expect(statements).toBe(2);
  for (const webhook of leased) expect(await stateOf(webhook)).toMatchObject({ status: 'DELIVERED', attempts: 1 });
});

it('a lost lease records nothing and ends only its own drain', async () => {
  const results = writer();
  const [first, lost, last] = leased;
  await fixture.database.pool.query('UPDATE webhooks SET leased_by = gen_random_uuid() WHERE id = $1', [
    lost.webhookId,
  ]);
  const answers = await Promise.all([
    results.record(result(first)),
    results.record(result(lost)),
    results.record(result(last)),
  ]);
  expect(answers).toEqual([true, false, true]);
  expect(await stateOf(lost)).toMatchObject({ status: 'PENDING', attempts: 0 });
  expect(await stateOf(last)).toMatchObject({ status: 'DELIVERED' });
});

it('a webhook switched off meanwhile keeps its result and ends only its own drain', async () => {
  const results = writer();
  const [first, off, last] = leased;
  await fixture.database.pool.query('UPDATE webhooks SET is_active = false WHERE id = $1', [off.webhookId]);
  const answers = await Promise.all([
    results.record(result(first)),
    results.record(result(off)),
    results.record(result(last)),
  ]);
  expect(answers).toEqual([true, false, true]);
  expect(await stateOf(off)).toMatchObject({ status: 'DELIVERED', attempts: 1 });
});

it('a result that cannot be written fails alone', async () => {
  const results = writer();
  const [first, spoiled, last] = leased;
  const unwritable = result(spoiled, { status: 'RETRYING', delayMs: 1_000, error: 'no \u0000 in a text' });
  const answers = await Promise.allSettled([
    results.record(result(first)),
    results.record(unwritable),
    results.record(result(last)),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await stateOf(spoiled)).toMatchObject({ status: 'PENDING', attempts: 0 });
  expect(await stateOf(last)).toMatchObject({ status: 'DELIVERED' });
  expect(await results.record(result(spoiled))).toBe(true);
});

it('a first attempt and a retry of one webhook count one after the other', async () => {
  const results = writer();
  const [busy, webhook] = leased;
  const retry = result(webhook, { seq: 1, status: 'RETRYING', delayMs: 60_000, error: 'The receiver answered 500.' });
  const answers = [results.record(result(busy)), results.record(retry), results.record(result(webhook, { seq: 2 }))];
  expect(await Promise.all(answers)).toEqual([true, true, true]);
  expect(await stateOf(webhook, 1)).toMatchObject({ status: 'RETRYING', attempts: 1 });
  expect(await stateOf(webhook, 2)).toMatchObject({ status: 'DELIVERED', last_error: null });
  expect(await failuresOf(webhook)).toBe(0);
});
