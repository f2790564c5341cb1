import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EVENTS } from '@wa-gate/contracts';
import { createInstruments, createLogger, createSecretBox, systemClock } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHttpTransport, createWebhookClient, createWebhookDeliverer } from '../../jobs/webhooks/index.ts';
import { createJobsMetrics } from '../../metrics/index.ts';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway({ WEBHOOK_ALLOW_PRIVATE: 'true' });
const logger = createLogger({ service: 'test', level: 'silent' });
let user: TestUser;
let session: TestSession;
let receiver: Server;
let webhookId: string;
let secret: string;
const received: { seq: number; headers: IncomingHttpHeaders; body: string }[] = [];
let answer: (seq: number, body: string, headers: IncomingHttpHeaders) => { status: number; text?: string };
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
      received.push({ seq, headers: request.headers, body });
      const { status, text = '' } = answer(seq, body, request.headers);
      response.writeHead(status).end(text);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  receiver?.closeAllConnections();
  receiver?.close();
});
beforeEach(async () => {
  received.length = 0;
  answer = () => ({ status: 204 });
  session = await fixture.createSession(user);
  ({ id: webhookId, secret } = await create(`/api/sessions/${session.slug}/webhooks`, { url: urlOf() }));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((part) => part.stop()));
  await fixture.database.pool.query('DELETE FROM webhooks');
});

const urlOf = () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;

async function create(path: string, body: object): Promise<{ id: string; secret: string }> {
  const made = await fixture.call('POST', path, { as: user.token, body });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body.data.webhook;
}

function deliver() {
  const { pool } = fixture.database;
  const client = createWebhookClient({ allowPrivate: true });
  const secrets = createSecretBox([fixture.masterKey], 'webhook-secrets');
  const metrics = createJobsMetrics(createInstruments({ service: 'test', version: '1' }), pool);
  const transports = { http: createHttpTransport({ client, secrets, clock: systemClock }) };
  const deliverer = createWebhookDeliverer(
    { pool, transports, clock: systemClock, metrics, logger },
    { sweepEveryMs: 50, tickEveryMs: 50, lingerMs: 5 },
  );
  started.push(deliverer);
  deliverer.start();
  return deliverer;
}

async function emit(count: number, to = session): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const event = { type: 'session.status', data: EVENTS['session.status'].example } as const;
    await fixture.appendEvent(to, event);
  }
}

type Listed = { id: string; seq: number; status: string; [name: string]: unknown };
const listing = (query = '', id = webhookId, as = user.token) =>
  fixture.call('GET', `/api/webhooks/${id}/deliveries${query}`, { as });
const list = async (query = '', id = webhookId): Promise<Listed[]> => (await listing(query, id)).body.data.deliveries;
const one = (id: string) => fixture.call('GET', `/api/webhooks/${webhookId}/deliveries/${id}`, { as: user.token });
const statuses = async () => (await list()).toReversed().map(({ status }) => status);
const replayOne = (id: string) =>
  fixture.call('POST', `/api/webhooks/${webhookId}/deliveries/${id}/replay`, { as: user.token });
const replay = (body: object, id = webhookId) =>
  fixture.call('POST', `/api/webhooks/${id}/replay`, { as: user.token, body });

describe('the deliveries of a webhook (MR-046)', () => {
  it('are all of its events, the latest first, before and after they are delivered', async () => {
    await emit(3);
    expect(await list()).toMatchObject([
      { seq: 3, status: 'pending', attempts: 0, statusCode: null, nextAttemptAt: null },
      { seq: 2, status: 'pending' },
      { seq: 1, status: 'pending' },
    ]);
    deliver();
    await waitFor(async () => (await statuses()).every((status) => status === 'delivered'));
    const [latest] = await list();
    expect(latest).toMatchObject({
      event: 'session.status',
      sessionId: session.slug,
      attempts: 1,
      statusCode: 204,
      error: null,
      answer: null,
      replayedAt: null,
    });
    expect(latest!.id).toBe(received[2]!.headers['webhook-id']);
    expect(latest!.latencyMs).toBeGreaterThanOrEqual(0);
    expect((await one(latest!.id)).body.data.delivery).toEqual(latest);
  });

  it('tell why they have failed, with the beginning of the answer', async () => {
    answer = (seq) =>
      seq === 2 ? { status: 422, text: `no such order\0 ${'x'.repeat(3_000)}` } : { status: 200, text: 'fine' };
    await emit(3);
    deliver();
    await waitFor(async () => (await statuses()).join() === 'delivered,retrying,delivered');
    const [refused] = await list('?status=retrying');
    expect(refused).toMatchObject({ seq: 2, statusCode: 422, error: 'The receiver answered 422.' });
    expect(refused!.answer).toMatch(/^no such order x/);
    expect(Buffer.byteLength(refused!.answer as string)).toBeLessThanOrEqual(1_024);
    expect(Date.parse(refused!.nextAttemptAt as string)).toBeGreaterThan(0);
    expect((await list('?status=delivered')).map(({ answer: text }) => text)).toEqual([null, null]);
  });

  it('show the events that wait for an endpoint that takes nothing, and when it is tried again', async () => {
    answer = () => ({ status: 503, text: 'closed' });
    await emit(3);
    deliver();
    await waitFor(async () => (await list()).at(-1)!.attempts === 1);
    const found = await list('?status=pending');
    expect(found).toMatchObject([
      { seq: 3, attempts: 0, nextAttemptAt: expect.any(String) },
      { seq: 2, attempts: 0 },
      { seq: 1, attempts: 1, statusCode: 503, answer: 'closed' },
    ]);
  });

  it('never show a secret of ours, also when the receiver repeats what it was sent', async () => {
    const headers = { 'x-shop-token': 'a-token-that-nobody-sees' };
    const basicAuth = { username: 'shop', password: 'a-password-that-nobody-sees' };
    const made = await create(`/api/sessions/${session.slug}/webhooks`, { url: urlOf(), headers, basicAuth });
    const credentials = Buffer.from('shop:a-password-that-nobody-sees').toString('base64');
    answer = (_seq, body, its) => ({
      status: 400,
      text: `${'.'.repeat(900)}${JSON.stringify(its)}${body}${made.secret} ${credentials} ${basicAuth.password}`,
    });
    await emit(1);
    deliver();
    await waitFor(async () => (await list('', made.id))[0]!.answer !== null);
    expect(JSON.stringify(received.at(-1)!.headers)).toContain(headers['x-shop-token']);
    const { rows } = await fixture.database.pool.query('SELECT * FROM webhook_deliveries');
    const stored = JSON.stringify([rows, await list('', made.id)]);
    for (const hidden of [headers['x-shop-token'], basicAuth.password, credentials, made.secret, 'a-token', secret]) {
      expect(stored).not.toContain(hidden);
    }
  });

  it('are found by status, event, session and time, page by page', async () => {
    const other = await fixture.createSession(user);
    const { id } = await create('/api/webhooks', { url: urlOf() });
    await emit(7);
    await emit(5, other);
    const all = await list('', id);
    expect(all).toHaveLength(12);
    const paged: Listed[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await listing(`?limit=5${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, id);
      paged.push(...body.data.deliveries);
      cursor = body.data.pagination.nextCursor;
      expect(body.data.pagination.hasMore).toBe(cursor !== null);
      if (cursor === null) break;
    }
    expect(paged).toEqual(all);
    expect(await list(`?sessionId=${other.slug}`, id)).toHaveLength(5);
    expect(await list('?event=session.status', id)).toHaveLength(12);
    expect(await list('?event=message.received', id)).toEqual([]);
    const { occurredAt } = all[5] as unknown as { occurredAt: string };
    const [before, after] = [await list(`?to=${occurredAt}`, id), await list(`?from=${occurredAt}`, id)];
    expect([...after, ...before]).toEqual(all);
    deliver();
    await waitFor(async () => (await list('?status=delivered', id)).length === 12);
    expect(await list('?status=pending', id)).toEqual([]);
  });

  it('are those of the caller’s own webhooks, and what is not there is 404', async () => {
    await emit(1);
    const [{ id } = { id: '' }] = await list();
    const stranger = await fixture.register();
    expect((await listing('', webhookId, stranger.token)).status).toBe(404);
    const foreign = await fixture.call('POST', `/api/webhooks/${webhookId}/deliveries/${id}/replay`, {
      as: stranger.token,
    });
    expect(foreign.status).toBe(404);
    for (const unknown of [`${id}9`, 'evt_1', `evt_${'0'.repeat(32)}_1`]) {
      const { status, body } = await one(unknown);
      expect([status, body.code]).toEqual([404, 'DELIVERY_NOT_FOUND']);
    }
    const { status, body } = await listing('?cursor=nonsense');
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
  });
});

describe('a repetition (MR-046)', () => {
  beforeEach(async () => {
    await emit(4);
    deliver();
    await waitFor(async () => (await statuses()).join() === 'delivered,delivered,delivered,delivered');
    received.length = 0;
  });

  it('of one has the same id and body, and says so by a header', async () => {
    const [, third] = await list();
    const { status, body } = await replayOne(third!.id);
    expect([status, body.data.delivery.status]).toEqual([200, 'retrying']);
    await waitFor(() => received.length === 1);
    const [{ headers }] = received as [(typeof received)[0]];
    expect(headers).toMatchObject({ 'webhook-id': third!.id, 'x-webhook-replay': 'true', 'x-webhook-attempt': '2' });
    await waitFor(async () => (await statuses()).join() === 'delivered,delivered,delivered,delivered');
    expect((await one(third!.id)).body.data.delivery).toMatchObject({ attempts: 2, replayedAt: expect.any(String) });
  });

  it('of all that were given up makes their attempts anew, in order', async () => {
    const { pool } = fixture.database;
    await pool.query(
      `UPDATE webhook_deliveries SET status = 'FAILED', refusals = 13 WHERE webhook_id = $1 AND seq <> 2`,
      [webhookId],
    );
    expect((await list('?status=failed')).map(({ seq }) => seq)).toEqual([4, 3, 1]);
    answer = (seq) => ({ status: seq === 3 ? 400 : 200 });
    const { status, body } = await replay({});
    expect([status, body.data]).toEqual([200, { replayed: 3, nextCursor: null }]);
    await waitFor(async () => (await statuses()).join() === 'delivered,delivered,retrying,delivered');
    expect(received.map(({ seq }) => seq).slice(0, 3)).toEqual([1, 3, 4]);
    expect(await list('?status=failed')).toEqual([]);
  });

  it('of a period repeats what was delivered in it, and nothing else', async () => {
    const found = await list();
    const [from, to] = [found[2]!.occurredAt, found[0]!.occurredAt] as [string, string];
    const wanted = found.filter(
      ({ occurredAt }) => from <= (occurredAt as string) && (occurredAt as string) < to,
    ).length;
    expect((await replay({ status: 'delivered', from, to, events: ['message.received'] })).body.data.replayed).toBe(0);
    expect((await replay({ status: 'delivered', from, to })).body.data.replayed).toBe(wanted);
    await waitFor(() => received.length === wanted);
  });

  it('of everything that was delivered must be bounded', async () => {
    const { status, body } = await replay({ status: 'delivered' });
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
    expect(
      (await replay({ status: 'delivered', from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' })).status,
    ).toBe(400);
  });

  it('waits for nothing that is in line, and is refused by a webhook that is off', async () => {
    await Promise.all(started.splice(0).map((part) => part.stop()));
    await emit(1);
    const [waiting, delivered] = await list();
    const pending = await replayOne(waiting!.id);
    expect([pending.status, pending.body.code]).toEqual([409, 'DELIVERY_PENDING']);
    await fixture.call('PATCH', `/api/webhooks/${webhookId}`, { as: user.token, body: { isActive: false } });
    const off = await replayOne(delivered!.id);
    expect([off.status, off.body.code]).toEqual([409, 'WEBHOOK_OFF']);
    expect((await replay({})).body.code).toBe('WEBHOOK_OFF');
  });

  it('is made at once, also by an endpoint that is left alone', async () => {
    answer = () => ({ status: 503 });
    await emit(1);
    await waitFor(async () => (await list())[0]!.attempts === 1);
    await fixture.database.pool.query(
      `UPDATE webhook_deliveries SET status = 'FAILED' WHERE webhook_id = $1 AND seq = 1`,
      [webhookId],
    );
    answer = () => ({ status: 200 });
    await replay({});
    await waitFor(async () => (await statuses()).every((status) => status === 'delivered'));
  });
});
