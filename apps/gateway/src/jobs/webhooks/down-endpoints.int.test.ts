import { EVENTS, type EventType } from '@wa-gate/contracts';
import { createInstruments, createLogger, newId, systemClock } from '@wa-gate/kit';
import { findViolations, hintsOf } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createJobsMetrics } from '../../metrics/index.ts';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { AttemptOutcome, FailureScope } from './attempt-outcome.ts';
import { PAUSES, type Pauses } from './retry-schedule.ts';
import type { Transport } from './transport.ts';
import { createWebhookDeliverer, type DelivererOptions } from './webhook-deliverer.ts';

const fixture = useGateway({ WEBHOOK_ALLOW_PRIVATE: 'true' });
const logger = createLogger({ service: 'test', level: 'silent' });
const ok: AttemptOutcome = { kind: 'delivered', statusCode: 200 };
const no = (scope: FailureScope, isUnreachable = false): AttemptOutcome => ({
  kind: 'failed',
  scope,
  error: `no: ${scope}`,
  answer: 'what it said',
  isUnreachable,
});

/** Pauses at ten times their speed. */
const QUICK: Pauses = {
  retry: (...given) => {
    const ms = PAUSES.retry(...given);
    return ms === undefined ? undefined : ms / 10;
  },
  probe: (...given) => PAUSES.probe(...given) / 10,
};

interface Sent {
  at: number;
  sessionId: string;
  seq: number;
  attempt: number;
  isReplay: boolean;
  outcome: AttemptOutcome;
}

let user: TestUser;
let session: TestSession;
let webhookId: string;
const sent: Sent[] = [];
/** What the endpoint says to an attempt. */
let answer: (event: Omit<Sent, 'outcome' | 'at'>) => AttemptOutcome;
let knocks: number;
let isListening: boolean;
const started: { stop(): Promise<void> }[] = [];

/** An endpoint of a type of its own. */
const scripted = (maxEvents = 1): Transport => ({
  open: ({ sessionId }) => ({
    maxEvents,
    async send(events) {
      await new Promise(setImmediate);
      return events.map(({ seq, attempts, isReplay = false }) => {
        const asked = { sessionId, seq, attempt: attempts + 1, isReplay };
        const outcome = answer(asked);
        sent.push({ at: performance.now(), ...asked, outcome });
        return outcome;
      });
    },
    knock: async () => {
      knocks += 1;
      return isListening;
    },
  }),
  close: () => Promise.resolve(),
});

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  sent.length = 0;
  knocks = 0;
  isListening = false;
  answer = () => ok;
  ({ session, webhookId } = await newWebhook());
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((part) => part.stop()));
  await query('DELETE FROM webhooks');
});

const query = async <T extends object = Record<string, unknown>>(text: string, values: unknown[] = []) =>
  (await fixture.database.pool.query<T>(text, values)).rows;

async function newWebhook(): Promise<{ session: TestSession; webhookId: string }> {
  const made = await fixture.createSession(user);
  await fixture.call('PUT', `/api/sessions/${made.slug}/webhook`, {
    as: made.key,
    body: { url: 'http://127.0.0.1:9/' },
  });
  const [row] = await query<{ id: string }>(
    `UPDATE webhooks SET type = 'scripted' WHERE session_id = $1 RETURNING id`,
    [made.id],
  );
  return { session: made, webhookId: row!.id };
}

/** Appends events, and tells this process. */
async function emit(count: number, { to = session, deliverer }: { to?: TestSession; deliverer?: Started } = {}) {
  for (let n = 0; n < count; n += 1) {
    const event = { type: 'session.status', data: EVENTS['session.status'].example } as const;
    const hints = hintsOf(await fixture.appendEvent(to, event));
    deliverer?.onHints(hints);
  }
}

async function say(chat: string, type: EventType = 'message.received'): Promise<void> {
  const { identities: _, ...data } = EVENTS['message.received'].example as Record<string, unknown>;
  await fixture.appendEvent(session, { type, data: { ...data, messageId: newId(), chat } } as never);
}

type Started = ReturnType<typeof createWebhookDeliverer>;

function start({ maxEvents, ...options }: DelivererOptions & { maxEvents?: number } = {}): Started {
  const { pool } = fixture.database;
  const metrics = createJobsMetrics(createInstruments({ service: 'test', version: '1' }), pool);
  const transports = { scripted: scripted(maxEvents) };
  const deliverer = createWebhookDeliverer(
    { pool, transports, clock: systemClock, metrics, logger },
    { sweepEveryMs: 50, tickEveryMs: 50, knockEveryMs: 50, lingerMs: 5, pauses: QUICK, ...options },
  );
  started.push(deliverer);
  deliverer.start();
  return deliverer;
}

async function stopAll(): Promise<void> {
  await Promise.all(started.splice(0).map((part) => part.stop()));
}

interface Row {
  seq: number;
  status: string;
  attempts: number;
  refusals: number;
  lastError: string | null;
  answer: string | null;
}

const rows = (of = webhookId) =>
  query<Row>(
    `SELECT seq, status, attempts, refusals, last_error AS "lastError", answer FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY seq`,
    [of],
  );
const allDelivered = async (count: number, of = webhookId) => {
  const found = await rows(of);
  return found.length === count && found.every(({ status }) => status === 'DELIVERED');
};
const breakerOf = async (of = webhookId) =>
  (
    await query<{ isDown: boolean; failedProbes: number; probeInMs: number | null }>(
      `SELECT failing_since IS NOT NULL AS "isDown", failed_probes AS "failedProbes",
        (extract(epoch FROM probe_at - now()) * 1000)::float8 AS "probeInMs" FROM webhooks WHERE id = $1`,
      [of],
    )
  )[0]!;
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const seqs = () => sent.map(({ seq }) => seq);
const firstsOf = (of: readonly number[]) => [...new Set(of)];
const taken = () => sent.filter(({ outcome }) => outcome.kind === 'delivered').map(({ seq }) => seq);
const order = (ordering: 'session' | 'chat') =>
  query('UPDATE webhooks SET ordering = $2 WHERE id = $1', [webhookId, ordering]);
const sound = async () => expect(await findViolations(fixture.database.pool, { settledMs: 0 })).toEqual([]);

describe('an endpoint that takes nothing (MR-099)', () => {
  it('gets one event now and then, and all of them in order as soon as it takes that', async () => {
    let isBack = false;
    answer = () => (isBack ? ok : no('endpoint'));
    await emit(150);
    start();
    await waitFor(async () => (await breakerOf()).failedProbes === 2);
    expect(new Set(seqs())).toEqual(new Set([1]));
    expect(await breakerOf()).toMatchObject({ isDown: true });
    expect((await rows())[0]).toMatchObject({
      status: 'PENDING',
      attempts: 2,
      lastError: 'no: endpoint',
      answer: 'what it said',
    });
    isBack = true;
    const before = performance.now();
    await waitFor(() => allDelivered(150));
    expect(taken()).toEqual(upTo(150));
    expect(sent.at(-1)!.at - before).toBeLessThan(10_000);
    expect((await rows()).map(({ attempts }) => attempts)).toEqual([sent.length - 149, ...Array(149).fill(1)]);
    await waitFor(async () => !(await breakerOf()).isDown);
    await sound();
  });

  it('without a connection is knocked at, and gets its events as soon as it listens', async () => {
    answer = () => (isListening ? ok : no('endpoint', true));
    await emit(3);
    // As if it had been away for long: the next probe is far away.
    await query(
      `UPDATE webhooks SET failing_since = now() - interval '1 hour', failed_probes = 100,
      probe_at = now() + interval '300 ms' WHERE id = $1`,
      [webhookId],
    );
    start();
    await waitFor(async () => (await breakerOf()).failedProbes === 101 && knocks > 2);
    expect((await breakerOf()).probeInMs).toBeGreaterThan(2_000);
    isListening = true;
    await waitFor(() => allDelivered(3));
    expect(seqs()).toEqual([1, 1, 2, 3]);
  });

  it('that refuses everything is found out by its second event', async () => {
    let isBack = false;
    answer = () => (isBack ? ok : no('unclear'));
    const deliverer = start();
    await emit(20, { deliverer });
    await waitFor(async () => (await breakerOf()).isDown);
    expect(new Set(seqs())).toEqual(new Set([1, 2]));
    isBack = true;
    await waitFor(() => allDelivered(20));
    expect(taken()).toEqual(upTo(20));
    expect((await rows()).every(({ refusals }) => refusals === 0)).toBe(true);
  });

  it('is left alone by the next process too, until its probe is due', async () => {
    answer = () => no('endpoint');
    await emit(5);
    await query(
      `UPDATE webhooks SET failing_since = now() - interval '1 hour', failed_probes = 100,
      probe_at = now() WHERE id = $1`,
      [webhookId],
    );
    start({ pauses: PAUSES });
    await waitFor(async () => (await breakerOf()).failedProbes === 101);
    await stopAll();
    const made = sent.length;
    const deliverer = start();
    deliverer.notify(webhookId);
    await emit(2, { deliverer });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).toHaveLength(made);
    expect(await breakerOf()).toMatchObject({ isDown: true, failedProbes: 101 });
    await sound();
    answer = () => ok;
    await query('UPDATE webhooks SET probe_at = now() WHERE id = $1', [webhookId]);
    await waitFor(() => allDelivered(7));
    expect(taken()).toEqual(upTo(7));
  });

  it('of several sessions is one fact: one of them probes, and all go on', async () => {
    let isBack = false;
    answer = () => (isBack ? ok : no('endpoint', true));
    const other = await newWebhook();
    await query('UPDATE webhooks SET endpoint_id = $2 WHERE id = $1', [other.webhookId, webhookId]);
    const deliverer = start();
    await emit(3, { deliverer });
    await waitFor(async () => (await breakerOf()).failedProbes >= 2);
    await emit(3, { to: other.session, deliverer });
    await waitFor(async () => (await breakerOf(other.webhookId)).isDown);
    const probes = sent.length;
    isBack = true;
    await waitFor(async () => (await allDelivered(3)) && (await allDelivered(3, other.webhookId)));
    const pauses = sent.slice(1, probes).map(({ at }, n) => at - sent[n]!.at);
    for (const [n, ms] of pauses.entries()) expect(ms).toBeGreaterThanOrEqual(Math.min(2 ** n, 30) * 99);
    expect(sent).toHaveLength(probes + 6);
  });

  it('holds up no other endpoint, also where only few may be held', async () => {
    answer = ({ sessionId }) => (sessionId === session.id ? no('endpoint') : ok);
    await query(
      `UPDATE webhooks SET failing_since = now() - interval '1 hour', failed_probes = 100, probe_at = now() WHERE id = $1`,
      [webhookId],
    );
    await emit(2);
    start({ maxHeld: 1, pauses: PAUSES });
    await waitFor(() => sent.length > 0);
    const other = await newWebhook();
    await emit(5, { to: other.session });
    await waitFor(() => allDelivered(5, other.webhookId));
    expect(await breakerOf()).toMatchObject({ isDown: true, failedProbes: 101 });
    await sound();
  });

  it('for 72 hours gets no more what is older, and what is younger in order when it is back', async () => {
    answer = () => no('endpoint');
    await emit(4);
    await query(`UPDATE events SET created_at = created_at - interval '73 hours' WHERE session_id = $1 AND seq <= 3`, [
      session.id,
    ]);
    await query(
      `UPDATE webhook_deliveries SET created_at = created_at - interval '73 hours' WHERE webhook_id = $1 AND seq <= 3`,
      [webhookId],
    );
    await query(
      `UPDATE webhooks SET failing_since = now() - interval '73 hours', failed_probes = 9000, probe_at = now() WHERE id = $1`,
      [webhookId],
    );
    start();
    await waitFor(async () => (await rows()).filter(({ status }) => status === 'FAILED').length === 3);
    expect((await rows())[1]).toMatchObject({ attempts: 0, lastError: expect.stringContaining('72 hours') });
    answer = () => ok;
    await query('UPDATE webhooks SET replayed_at = now() WHERE id = $1', [webhookId]);
    await waitFor(() => taken().length > 0);
    expect(taken()).toEqual([4]);
    await waitFor(async () => (await rows())[3]!.status === 'DELIVERED');
    await sound();
  });
});

describe('an event that is refused while others are taken (MR-099)', () => {
  it('has a schedule of its own, and nothing waits for it', async () => {
    answer = ({ seq, attempt }) => (seq === 2 && attempt < 3 ? no('unclear') : ok);
    await emit(6);
    start();
    await waitFor(() => allDelivered(6));
    expect(seqs().slice(0, 6)).toEqual(upTo(6));
    expect((await rows())[1]).toMatchObject({ attempts: 3, refusals: 2 });
    const [first, second, third] = sent.filter(({ seq }) => seq === 2).map(({ at }) => at) as [number, number, number];
    expect(second - first).toBeGreaterThanOrEqual(99);
    expect(third - second).toBeGreaterThanOrEqual(199);
  });

  it('in an endpoint that was away does not hold up the others when it is back', async () => {
    let isBack = false;
    answer = ({ seq }) => (!isBack ? no('endpoint') : seq === 1 ? no('unclear') : ok);
    await emit(6);
    start();
    await waitFor(async () => (await breakerOf()).isDown);
    isBack = true;
    await waitFor(async () => (await rows()).filter(({ status }) => status === 'DELIVERED').length === 5);
    expect(taken()).toEqual([2, 3, 4, 5, 6]);
    await waitFor(async () => (await rows())[0]!.status === 'RETRYING');
    await waitFor(async () => !(await breakerOf()).isDown);
  });

  it('stops backing off when the endpoint takes nothing, and goes on when it is back', async () => {
    let state: 'refuses' | 'away' | 'takes' = 'refuses';
    answer = ({ seq }) => (state === 'away' ? no('endpoint') : state === 'refuses' && seq === 1 ? no('event') : ok);
    await emit(2);
    start();
    await waitFor(async () => (await rows())[1]?.status === 'DELIVERED');
    state = 'away';
    await waitFor(async () => (await breakerOf()).isDown, { timeoutMs: 20_000 });
    const { refusals } = (await rows())[0]!;
    await waitFor(async () => (await breakerOf()).failedProbes >= 2);
    expect((await rows())[0]).toMatchObject({ status: 'RETRYING', refusals });
    state = 'takes';
    await waitFor(() => allDelivered(2), { timeoutMs: 20_000 });
  });

  it('for the thirteenth time is given up, and kept', async () => {
    answer = ({ seq }) => (seq === 1 ? no('event') : ok);
    await emit(2);
    start();
    await waitFor(async () => (await rows())[1]?.status === 'DELIVERED');
    await stopAll();
    await query(`UPDATE webhook_deliveries SET refusals = 12, next_attempt = now() WHERE webhook_id = $1 AND seq = 1`, [
      webhookId,
    ]);
    start();
    await waitFor(async () => (await rows())[0]?.status === 'FAILED');
    expect((await rows())[0]).toMatchObject({ refusals: 13, lastError: 'no: event', answer: 'what it said' });
  });
});

describe('the order of chats (MR-045)', () => {
  it('is kept by each chat, whatever is refused in it, and no chat waits for another', async () => {
    await order('chat');
    answer = ({ seq, attempt }) => (seq === 1 && attempt < 3 ? no('event') : ok);
    for (const chat of [
      'a@s.whatsapp.net',
      'b@s.whatsapp.net',
      'a@s.whatsapp.net',
      'b@s.whatsapp.net',
      'a@s.whatsapp.net',
    ]) {
      await say(chat);
    }
    start();
    await waitFor(() => taken().length === 2);
    expect(taken()).toEqual([2, 4]);
    await waitFor(() => allDelivered(5), { timeoutMs: 20_000 });
    expect(taken()).toEqual([2, 4, 1, 3, 5]);
    expect((await rows()).map(({ attempts }) => attempts)).toEqual([3, 1, 1, 1, 1]);
  });

  it('outlives the process', async () => {
    await order('chat');
    let isTaken = false;
    answer = ({ seq }) => (seq === 1 && !isTaken ? no('event') : ok);
    for (const chat of ['a@s.whatsapp.net', 'a@s.whatsapp.net', 'b@s.whatsapp.net']) await say(chat);
    start();
    await waitFor(async () => (await rows()).length === 3 && taken().length === 1);
    await stopAll();
    await say('a@s.whatsapp.net');
    start();
    await waitFor(async () => (await rows()).length === 4);
    expect(taken()).toEqual([3]);
    isTaken = true;
    await waitFor(() => allDelivered(4), { timeoutMs: 20_000 });
    expect(taken()).toEqual([3, 1, 2, 4]);
  });

  it('holds up what follows a given up event no longer', async () => {
    await order('chat');
    answer = ({ seq }) => (seq === 1 ? no('event') : ok);
    for (const chat of ['a@s.whatsapp.net', 'a@s.whatsapp.net']) await say(chat);
    start();
    await waitFor(async () => (await rows()).length === 2 && (await rows())[0]!.status === 'RETRYING');
    await stopAll();
    expect(taken()).toEqual([]);
    await query(`UPDATE webhook_deliveries SET refusals = 12, next_attempt = now() WHERE webhook_id = $1 AND seq = 1`, [
      webhookId,
    ]);
    start();
    await waitFor(async () => (await rows())[1]!.status === 'DELIVERED');
    expect((await rows())[0]!.status).toBe('FAILED');
  });
});

describe('an endpoint that takes several events at once', () => {
  it('gets them in order, and what it does not take stays in line', async () => {
    let refuses = true;
    answer = ({ seq }) => (refuses && seq >= 5 ? no('endpoint') : ok);
    await emit(40);
    start({ maxEvents: 8 });
    await waitFor(async () => (await breakerOf()).isDown);
    expect(taken()).toEqual([1, 2, 3, 4]);
    refuses = false;
    await waitFor(() => allDelivered(40));
    expect(taken()).toEqual(upTo(40));
    expect(firstsOf(seqs())).toEqual(upTo(40));
  });
});
