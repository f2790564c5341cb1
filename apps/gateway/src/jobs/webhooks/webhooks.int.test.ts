import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EVENTS } from '@wa-gate/contracts';
import { createLogger, createSecretBox, systemClock } from '@wa-gate/kit';
import { createWebhookDoorbell } from '@wa-gate/messaging';
import { testRedisUrl, waitFor } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGatewayMetrics } from '../../metrics/index.ts';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { createWebhookClient, createWebhookDeliverer, createWebhookDrain } from './index.ts';
import { createWebhookConsumer } from './webhook-consumer.ts';

interface Received {
  at: number;
  headers: IncomingHttpHeaders;
  body: string;
  seq: number;
}

const fixture = useGateway({ WEBHOOK_ALLOW_PRIVATE: 'true' });
let user: TestUser;
let session: TestSession;
let receiver: Server;
let secret: string;
let webhookId: string;
const received: Received[] = [];
/** What the receiver answers, by seq and attempt. */
let answer: (seq: number, attempt: number) => { status: number; headers?: Record<string, string> } | 'hang';
const logger = createLogger({ service: 'test', level: 'silent' });
const started: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const { seq } = JSON.parse(body) as { seq: number };
      received.push({ at: performance.now(), headers: request.headers, body, seq });
      const told = answer(seq, Number(request.headers['x-webhook-attempt']));
      if (told !== 'hang') response.writeHead(told.status, told.headers).end('ok');
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  receiver?.closeAllConnections();
  receiver?.close();
});
beforeEach(async () => {
  received.length = 0;
  answer = () => ({ status: 204 });
  session = await fixture.createSession(user);
  await subscribe(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((part) => part.stop()));
  await fixture.database.pool.query('DELETE FROM webhooks');
});

async function subscribe(url: string): Promise<void> {
  const { body } = await fixture.call('PUT', `/api/sessions/${session.slug}/webhook`, {
    as: session.key,
    body: { url },
  });
  secret = body.data.webhook.secret;
  const { rows } = await fixture.database.pool.query('SELECT id FROM webhooks WHERE session_id = $1', [session.id]);
  webhookId = rows[0].id;
}

/** Appends events; their seqs count from 1 in each session. */
async function emit(count = 1): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await fixture.appendEvent(session, { type: 'session.status', data: EVENTS['session.status'].example });
  }
}

function startDeliverer({ sweepEveryMs = 60_000, allowPrivate = true } = {}) {
  const pool = fixture.database.pool;
  const client = createWebhookClient({ allowPrivate });
  const secrets = createSecretBox([fixture.masterKey], 'webhook-secrets');
  const metrics = createGatewayMetrics(pool);
  const drain = createWebhookDrain({ pool, client, secrets, clock: systemClock, metrics, logger });
  const deliverer = createWebhookDeliverer({ drain, logger }, { sweepEveryMs });
  started.push({
    async stop() {
      await deliverer.stop();
      await client.close();
    },
  });
  deliverer.start();
  return deliverer;
}

const deliveries = async () =>
  (
    await fixture.database.pool.query<{
      seq: number;
      status: string;
      attempts: number;
      response_code: number;
      last_error: string;
    }>(
      'SELECT seq, status, attempts, response_code, last_error FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY seq',
      [webhookId],
    )
  ).rows;
const allDelivered = async () => (await deliveries()).every(({ status }) => status === 'DELIVERED');
const seqs = () => received.map(({ seq }) => seq);

describe('an event', () => {
  it('reaches the receiver once, signed so that the receiver can verify it', async () => {
    await emit();
    startDeliverer();
    await waitFor(allDelivered);
    expect(received).toHaveLength(1);
    const { headers, body } = received[0]!;
    const [id, timestamp] = [String(headers['webhook-id']), String(headers['webhook-timestamp'])];
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
    expect(JSON.parse(body)).toMatchObject({ id, event: 'session.status', sessionId: session.slug, seq: 1, epoch: 1 });
    expect(await deliveries()).toMatchObject([{ status: 'DELIVERED', attempts: 1, response_code: 204 }]);
  });

  it('is delivered at its doorbell, long before a sweep', async () => {
    const deliverer = startDeliverer();
    const consumer = createWebhookConsumer({ redisUrl: testRedisUrl(), deliverer, logger });
    const doorbell = createWebhookDoorbell({ redisUrl: testRedisUrl(), logger });
    started.push({ stop: () => consumer.close() }, { stop: () => doorbell.close() });
    await emit();
    doorbell.notify(webhookId);
    await waitFor(allDelivered);
    await emit();
    doorbell.notify(webhookId);
    await waitFor(() => received.length === 2);
  });

  it('is found by the sweep without any doorbell', async () => {
    startDeliverer({ sweepEveryMs: 20 });
    await emit();
    await waitFor(() => received.length === 1);
  });
});

describe('first attempts', () => {
  it('keep the order of seq, each once, however many processes deliver', async () => {
    await emit(60);
    const several = [startDeliverer(), startDeliverer(), startDeliverer()];
    await Promise.all(several.flatMap((deliverer) => [deliverer.notify(webhookId), deliverer.notify(webhookId)]));
    await waitFor(allDelivered);
    expect(seqs()).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  it('are not held up by one that fails', async () => {
    answer = (seq) => ({ status: seq === 1 ? 500 : 200 });
    await emit(3);
    startDeliverer();
    await waitFor(async () => (await deliveries())[2]?.status === 'DELIVERED');
    expect(seqs().slice(0, 3)).toEqual([1, 2, 3]);
    expect(await deliveries()).toMatchObject([
      { status: 'RETRYING' },
      { status: 'DELIVERED' },
      { status: 'DELIVERED' },
    ]);
  });
});

describe('a failed attempt', () => {
  it('is made again after 1 s, then 2 s, with the same id and body', async () => {
    answer = (_seq, attempt) => ({ status: attempt < 3 ? 503 : 200 });
    await emit();
    startDeliverer();
    await waitFor(allDelivered, { timeoutMs: 25_000 });
    expect(received.map(({ headers }) => headers['x-webhook-attempt'])).toEqual(['1', '2', '3']);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    const [first, second, third] = received.map(({ at }) => at) as [number, number, number];
    expect(second - first).toBeGreaterThanOrEqual(990);
    expect(third - second).toBeGreaterThanOrEqual(1_990);
    // Not by the sweep, which comes once a minute.
    expect(third - first).toBeLessThan(20_000);
  });

  it('waits as long as Retry-After asks', async () => {
    answer = () => ({ status: 429, headers: { 'retry-after': '3600' } });
    await emit();
    startDeliverer();
    await waitFor(async () => (await deliveries())[0]?.status === 'RETRYING');
    const { rows } = await fixture.database.pool.query(
      'SELECT extract(epoch FROM next_attempt - now())::float8 AS seconds FROM webhook_deliveries WHERE webhook_id = $1',
      [webhookId],
    );
    expect(rows[0].seconds).toBeGreaterThan(3_590);
  });

  it('that was answered 410 switches the webhook off, and drops what waits', async () => {
    answer = () => ({ status: 410 });
    await emit(3);
    startDeliverer();
    await waitFor(async () => (await deliveries()).every(({ status }) => status === 'FAILED'));
    expect(received).toHaveLength(1);
    const { body } = await fixture.call('GET', `/api/sessions/${session.slug}/webhook`, { as: session.key });
    expect(body.data.webhook.isActive).toBe(false);
    await emit();
    expect(await deliveries()).toHaveLength(3);
  });

  it('that was a redirect is not followed', async () => {
    answer = () => ({ status: 302, headers: { location: '/elsewhere' } });
    await emit();
    startDeliverer();
    await waitFor(async () => (await deliveries())[0]?.status === 'RETRYING');
    expect(await deliveries()).toMatchObject([{ response_code: 302, last_error: 'The receiver answered 302.' }]);
  });

  it('that was interrupted by a stop does not count, and the webhook is free again', async () => {
    answer = () => 'hang';
    await emit();
    startDeliverer();
    await waitFor(() => received.length === 1);
    await Promise.all(started.splice(0).map((part) => part.stop()));
    expect(await deliveries()).toMatchObject([{ status: 'PENDING', attempts: 0 }]);
    answer = () => ({ status: 200 });
    startDeliverer();
    await waitFor(allDelivered);
    expect(received.map(({ headers }) => headers['x-webhook-attempt'])).toEqual(['1', '1']);
  });
});

describe('private addresses', () => {
  it.each([
    ['an address', (port: number) => `http://127.0.0.1:${port}/`],
    ['a name that resolves to one', (port: number) => `http://localhost:${port}/`],
  ])('are refused: %s', async (_what, url) => {
    await subscribe(url((receiver.address() as AddressInfo).port));
    await emit();
    startDeliverer({ allowPrivate: false });
    await waitFor(async () => (await deliveries())[0]?.status === 'RETRYING');
    expect((await deliveries())[0]?.last_error).toContain('is a private address');
    expect(received).toEqual([]);
  });
});

it('a webhook whose drain died is taken over when its lease has run out', async () => {
  await emit();
  await fixture.database.pool.query(
    `UPDATE webhooks SET leased_by = gen_random_uuid(), leased_until = now() + interval '1 hour' WHERE id = $1`,
    [webhookId],
  );
  const deliverer = startDeliverer();
  await deliverer.notify(webhookId);
  expect(received).toEqual([]);
  await fixture.database.pool.query(`UPDATE webhooks SET leased_until = now() - interval '1 ms' WHERE id = $1`, [
    webhookId,
  ]);
  await deliverer.notify(webhookId);
  expect(await allDelivered()).toBe(true);
});
