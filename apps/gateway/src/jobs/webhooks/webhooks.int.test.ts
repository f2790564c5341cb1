import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EVENTS } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { createInstruments, createLogger, createSecretBox, systemClock } from '@wa-gate/kit';
import { type Appended, createWebhookDoorbell, findViolations, hintsOf } from '@wa-gate/messaging';
import { testRedisUrl, waitFor } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createJobsMetrics } from '../../metrics/index.ts';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { createHttpTransport, createWebhookClient, createWebhookDeliverer } from './index.ts';
import { createWebhookConsumer } from './webhook-consumer.ts';
import type { DelivererOptions } from './webhook-deliverer.ts';

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

/** Appends events; their seqs count from 1 in each session. Returns what the statements reported. */
async function emit(count = 1, to = session.id): Promise<Appended[]> {
  const reports: Appended[] = [];
  for (let i = 0; i < count; i += 1) {
    const event = { type: 'session.status', data: EVENTS['session.status'].example } as const;
    reports.push(await fixture.appendEvent({ id: to }, event));
  }
  return reports;
}

/** Appends events, and tells these processes about them as a worker does. */
async function announce(count: number, ...to: { onHints: (hints: ReturnType<typeof hintsOf>) => void }[]) {
  for (let i = 0; i < count; i += 1) {
    const hints = (await emit()).flatMap((appended) => hintsOf(appended));
    for (const deliverer of to) deliverer.onHints(JSON.parse(JSON.stringify(hints)));
  }
}

type Options = DelivererOptions & { allowPrivate?: boolean; pool?: Pool; isDead?: () => boolean };

function startDeliverer({
  allowPrivate = true,
  pool = fixture.database.pool,
  isDead = () => false,
  ...options
}: Options = {}) {
  const real = createWebhookClient({ allowPrivate });
  const never = () => new Promise<never>(() => undefined);
  const client = {
    ...real,
    post: (...given: Parameters<typeof real.post>) => (isDead() ? never() : real.post(...given)),
  };
  const secrets = createSecretBox([fixture.masterKey], 'webhook-secrets');
  const metrics = createJobsMetrics(createInstruments({ service: 'test', version: '1' }), pool);
  const deliverer = createWebhookDeliverer(
    {
      pool,
      transports: { http: createHttpTransport({ client, secrets, clock: systemClock }) },
      clock: systemClock,
      metrics,
      logger,
    },
    { sweepEveryMs: 60_000, ...options },
  );
  started.push(deliverer);
  deliverer.start();
  return deliverer;
}

/** Counts statements, and may die: from then on nothing it asks for is answered. */
function countingPool() {
  const { pool } = fixture.database;
  const seen = {
    statements: [] as string[],
    diesBefore: Number.POSITIVE_INFINITY,
    diesAfter: Number.POSITIVE_INFINITY,
  };
  const never = () => new Promise<never>(() => undefined);
  const query = async (config: { name: string; text: string }) => {
    const index = seen.statements.push(config.name) - 1;
    if (index >= seen.diesBefore || index > seen.diesAfter) return never();
    const answer = await pool.query(config);
    return index === seen.diesAfter ? never() : answer;
  };
  return { seen, pool: { query } as unknown as Pool };
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
/** Rows are written when they are delivered or have failed, so their number matters too. */
const allDelivered = async (count: number) => {
  const found = await deliveries();
  return found.length === count && found.every(({ status }) => status === 'DELIVERED');
};
const seqs = () => received.map(({ seq }) => seq);

/** As if the holder had died some time ago. */
const expireLease = () =>
  fixture.database.pool.query(
    `UPDATE webhooks SET leased_until = now() - interval '1 ms', held_until = now() - interval '1 s' WHERE id = $1`,
    [webhookId],
  );
const leaseOf = async () =>
  (
    await fixture.database.pool.query<{ leasedBy: string | null; cursor: number | null; isHeld: boolean }>(
      'SELECT leased_by AS "leasedBy", cursor, coalesce(held_until > now(), false) AS "isHeld" FROM webhooks WHERE id = $1',
      [webhookId],
    )
  ).rows[0]!;
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('an event', () => {
  it('reaches the receiver once, signed so that the receiver can verify it', async () => {
    await emit();
    startDeliverer();
    await waitFor(() => allDelivered(1));
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
    await waitFor(() => allDelivered(1));
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
    for (const deliverer of several) deliverer.notify(webhookId);
    await waitFor(() => allDelivered(60));
    expect(seqs()).toEqual(upTo(60));
  });

  it('are not held up by one that fails', async () => {
    answer = (seq) => ({ status: seq === 1 ? 500 : 200 });
    await emit(3);
    startDeliverer();
    await waitFor(
      async () => (await deliveries())[2]?.status === 'DELIVERED' && (await deliveries())[0]?.status === 'RETRYING',
    );
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
    await waitFor(() => allDelivered(1), { timeoutMs: 25_000 });
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
    await emit(3);
    startDeliverer();
    await waitFor(async () => (await deliveries())[0]?.attempts === 1);
    const { rows } = await fixture.database.pool.query(
      `SELECT extract(epoch FROM d.next_attempt - now())::float8 AS delivery, extract(epoch FROM w.probe_at - now())::float8 AS webhook
       FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id WHERE w.id = $1 AND d.seq = 1`,
      [webhookId],
    );
    expect(rows[0].delivery).toBeGreaterThan(3_590);
    expect(rows[0].webhook).toBeGreaterThan(3_590);
    expect(received).toHaveLength(1);
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
    await waitFor(async () => (await deliveries())[0]?.attempts === 1);
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
    await waitFor(() => allDelivered(1));
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
    await waitFor(async () => (await deliveries())[0]?.attempts === 1);
    expect((await deliveries())[0]?.last_error).toContain('is a private address');
    expect(received).toEqual([]);
  });
});

describe('a webhook that is held', () => {
  it('gets its events from hints, in order and without a read, and their rows with their results', async () => {
    const { seen, pool } = countingPool();
    const deliverer = startDeliverer({ pool });
    await announce(1, deliverer);
    await waitFor(async () => (await leaseOf()).cursor === 1);
    seen.statements.length = 0;
    await announce(30, deliverer);
    await waitFor(() => received.length === 31);
    expect(seqs()).toEqual(upTo(31));
    await waitFor(async () => (await deliveries()).length === 31);
    expect(await allDelivered(31)).toBe(true);
    expect(new Set(seen.statements)).toEqual(new Set(['write-deliveries']));
    await waitFor(async () => (await leaseOf()).cursor === 31);
    expect(await findViolations(fixture.database.pool, { settledMs: 0 })).toEqual([]);
  });

  it('costs a fraction of a statement for each event, first lease and last release included', async () => {
    const { seen, pool } = countingPool();
    const deliverer = startDeliverer({ pool });
    for (let n = 0; n < 100; n += 1) {
      await announce(1, deliverer);
      // One after the other, as the three events of a message that somebody waits for.
      await waitFor(() => received.length === n + 1, { everyMs: 1 });
    }
    await Promise.all(started.splice(0).map((part) => part.stop()));
    expect((await deliveries()).filter(({ status }) => status === 'DELIVERED')).toHaveLength(100);
    // A lease, a read, ten writes a second: below one for two events, where each event had cost five.
    expect(seen.statements.length).toBeLessThanOrEqual(50);
  });

  it('of whose events a hint was lost reads what it has missed', async () => {
    const deliverer = startDeliverer();
    await announce(1, deliverer);
    await waitFor(() => received.length === 1);
    await emit(3);
    await announce(1, deliverer);
    await waitFor(() => received.length === 5);
    expect(seqs()).toEqual(upTo(5));
  });

  it('finds by itself what nobody has told it', async () => {
    const deliverer = startDeliverer({ tickEveryMs: 50 });
    await announce(1, deliverer);
    await waitFor(() => received.length === 1);
    await emit(2);
    await waitFor(() => received.length === 3);
  });

  it('gets events of a hint without them, as of a worker of the version before', async () => {
    const deliverer = startDeliverer();
    await announce(1, deliverer);
    await waitFor(() => received.length === 1);
    await emit(1);
    deliverer.onHints([{ sessionId: session.id, seq: 2, messages: [] }]);
    await waitFor(() => received.length === 2);
  });

  it('delivers nothing to an address that it does not have any more', async () => {
    const deliverer = startDeliverer();
    await announce(1, deliverer);
    await waitFor(() => received.length === 1);
    const elsewhere: number[] = [];
    const other = createServer((request, response) => {
      elsewhere.push(Number(request.headers['webhook-id']?.toString().split('_').at(-1)));
      request.resume();
      response.end();
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    try {
      await subscribe(`http://127.0.0.1:${(other.address() as AddressInfo).port}/new`);
      await announce(3, deliverer);
      await waitFor(() => elsewhere.length >= 3);
      expect(received).toHaveLength(1);
      expect(elsewhere.slice(-3)).toEqual([2, 3, 4]);
    } finally {
      other.closeAllConnections();
      other.close();
    }
  });

  it('that was deleted gets nothing more', async () => {
    const deliverer = startDeliverer();
    await announce(1, deliverer);
    await waitFor(() => received.length === 1);
    await fixture.call('DELETE', `/api/sessions/${session.slug}/webhook`, { as: session.key });
    await announce(2, deliverer);
    await emit(1);
    await deliverer.stop();
    expect(received).toHaveLength(1);
    const { rows } = await fixture.database.pool.query('SELECT seq FROM webhook_deliveries WHERE webhook_id = $1', [
      webhookId,
    ]);
    // That of the first event is being erased; nothing is added.
    expect(rows.length).toBeLessThanOrEqual(1);
  });

  it('gets only what it asks for, and what it does not ask for is no gap', async () => {
    await fixture.call('PUT', `/api/sessions/${session.slug}/webhook`, {
      as: session.key,
      body: { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`, events: ['connection.close'] },
    });
    const { seen, pool } = countingPool();
    const deliverer = startDeliverer({ pool });
    const close = async () => {
      const event = { type: 'connection.close', data: EVENTS['connection.close'].example } as const;
      const appended = await fixture.appendEvent(session, event);
      deliverer.onHints(hintsOf(appended));
    };
    await close();
    await waitFor(() => received.length === 1);
    await waitFor(() => seen.statements.includes('write-deliveries'));
    seen.statements.length = 0;
    await announce(3, deliverer);
    await close();
    await waitFor(() => received.length === 2);
    expect(seqs()).toEqual([1, 5]);
    expect(seen.statements.filter((name) => name !== 'write-deliveries')).toEqual([]);
  });

  it('is let go when it is quiet, and taken again at its next event', async () => {
    const deliverer = startDeliverer({ keepMs: 50, retireMs: 100, tickEveryMs: 50 });
    await announce(1, deliverer);
    await waitFor(async () => (await leaseOf()).leasedBy === null && received.length === 1, { timeoutMs: 20_000 });
    expect(await leaseOf()).toEqual({ leasedBy: null, cursor: null, isHeld: false });
    await announce(2, deliverer);
    await waitFor(() => received.length === 3);
    expect(seqs()).toEqual(upTo(3));
  });

  it('is free at once after a stop, and the next process goes on where this one was', async () => {
    const first = startDeliverer();
    await announce(5, first);
    await waitFor(() => received.length > 0);
    await first.stop();
    const second = startDeliverer();
    await waitFor(() => allDelivered(5));
    await waitFor(() => received.length >= 5);
    await announce(2, first, second);
    await waitFor(() => allDelivered(7));
    expect(seqs()).toEqual(upTo(7));
  });

  it('keeps the order and loses nothing with a long backlog', async () => {
    await emit(300);
    const deliverer = startDeliverer();
    await announce(50, deliverer);
    await waitFor(() => received.length === 350, { timeoutMs: 30_000 });
    expect(seqs()).toEqual(upTo(350));
    await waitFor(() => allDelivered(350));
  });

  it('that hangs holds up no other one', async () => {
    const slow = { id: webhookId };
    answer = () => 'hang';
    const deliverer = startDeliverer();
    await announce(3, deliverer);
    await waitFor(() => received.length === 1);
    session = await fixture.createSession(user);
    await subscribe(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/other`);
    expect(webhookId).not.toBe(slow.id);
    answer = () => ({ status: 200 });
    await announce(10, deliverer);
    await waitFor(() => allDelivered(10));
    expect(seqs()).toEqual([1, ...upTo(10)]);
  });

  it('that stops answering in the middle is retried, also while it is held', async () => {
    answer = (seq, attempt) => ({ status: seq % 2 === 0 && attempt === 1 ? 500 : 200 });
    const deliverer = startDeliverer();
    await announce(6, deliverer);
    await waitFor(() => allDelivered(6), { timeoutMs: 20_000 });
    expect((await deliveries()).map(({ attempts }) => attempts)).toEqual([1, 2, 1, 2, 1, 2]);
    expect(seqs().slice(0, 6)).toEqual(upTo(6));
    expect(await findViolations(fixture.database.pool, { settledMs: 0 })).toEqual([]);
  });
});

describe('a process that dies', () => {
  it('is followed by another one when its lease has run out', async () => {
    await emit();
    await fixture.database.pool.query(
      `UPDATE webhooks SET leased_by = gen_random_uuid(), leased_until = now() + interval '1 hour' WHERE id = $1`,
      [webhookId],
    );
    const deliverer = startDeliverer({ sweepEveryMs: 20 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(received).toEqual([]);
    await expireLease();
    await waitFor(() => allDelivered(1));
    deliverer.notify(webhookId);
  });

  const KILLS = ['before', 'after'].flatMap((when) => upTo(6).map((n) => [when, n - 1] as const));
  it.each(KILLS)(
    '%s its statement number %i loses nothing, keeps the order, and repeats under the same ids',
    async (when, index) => {
      const { seen, pool } = countingPool();
      if (when === 'before') seen.diesBefore = index;
      else seen.diesAfter = index;
      const isDead = () => seen.statements.length > index;
      const doomed = startDeliverer({ pool, isDead, lingerMs: 5, tickEveryMs: 20, sweepEveryMs: 50 });
      started.length = 0;
      for (let n = 0; n < 8; n += 1) {
        await announce(1, ...(isDead() ? [] : [doomed]));
      }
      await waitFor(isDead);
      await expireLease();
      const second = startDeliverer({ sweepEveryMs: 20, tickEveryMs: 20 });
      await announce(4, second);
      await waitFor(() => allDelivered(12), {
        timeoutMs: 20_000,
      });
      expect([...new Set(seqs())].toSorted((a, b) => a - b)).toEqual(upTo(12));
      // Of the events that the receiver has not seen before, none overtakes another.
      expect([...new Set(seqs())]).toEqual(upTo(12));
      const ids = received.map(({ headers, seq }) => `${seq} ${String(headers['webhook-id'])}`);
      expect(new Set(ids).size).toBe(12);
      expect(await findViolations(fixture.database.pool, { settledMs: 0 })).toEqual([]);
    },
  );
});
