import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EVENT_TYPES, EVENTS } from '@wa-gate/contracts';
import { createInstruments, createLogger, createSecretBox, systemClock } from '@wa-gate/kit';
import { type Appended, hintsOf, type SessionHint } from '@wa-gate/messaging';
import { payloadProblems, waitFor } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createJobsMetrics } from '../../metrics/index.ts';
import { secretContext } from '../../modules/webhooks/index.ts';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { createHttpTransport, createTestRequest, createWebhookClient, createWebhookDeliverer } from './index.ts';

interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of many events
  event: any;
}

const fixture = useGateway({ WEBHOOK_ALLOW_PRIVATE: 'true' });
let user: TestUser;
let session: TestSession;
let receiver: Server;
let deliverer: ReturnType<typeof createWebhookDeliverer>;
const received: Received[] = [];
const answers = new Map<string, number>();
let said = '';

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      received.push({ path: request.url!, headers: request.headers, body, event: JSON.parse(body) });
      response.writeHead(answers.get(request.url!) ?? 200).end(said);
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
  answers.clear();
  said = '';
  session = await fixture.createSession(user);
  const { pool } = fixture.database;
  deliverer = createWebhookDeliverer(
    {
      pool,
      transports: {
        http: createHttpTransport({
          client: createWebhookClient({ allowPrivate: true }),
          secrets: createSecretBox([fixture.masterKey], 'webhook-secrets'),
          clock: systemClock,
        }),
      },
      clock: systemClock,
      metrics: createJobsMetrics(createInstruments({ service: 'test', version: '1' }), pool),
      logger: createLogger({ service: 'test', level: 'silent' }),
    },
    { sweepEveryMs: 200, tickEveryMs: 100, keepMs: 500, retireMs: 500 },
  );
  deliverer.start();
});
afterEach(async () => {
  await deliverer.stop();
  await fixture.database.pool.query('DELETE FROM webhooks');
});

const at = (path: string) => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/${path}`;
type Made = { id: string; secret: string };
async function create(path: string, more: Record<string, unknown> = {}): Promise<Made> {
  const body = { url: at(path), ...more };
  const answer = await fixture.call('POST', '/api/webhooks', { as: user.token, body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.data.webhook;
}
const patch = (id: string, body: Record<string, unknown>) =>
  fixture.call('PATCH', `/api/webhooks/${id}`, { as: user.token, body });
const shown = async (id: string) =>
  (await fixture.call('GET', `/api/webhooks/${id}`, { as: user.token })).body.data.webhook;
const of = (path: string) => received.filter((one) => one.path === `/${path}`);
const seqsOf = (path: string, sessionId = session.slug) =>
  of(path)
    .filter(({ event }) => event.sessionId === sessionId)
    .map(({ event }) => event.seq);
const untilSeqs = (path: string, seqs: number[], sessionId = session.slug) =>
  waitFor(() => JSON.stringify(seqsOf(path, sessionId)) === JSON.stringify(seqs), {
    what: `${path} to get ${seqs.join()}: it has ${seqsOf(path, sessionId).join()}`,
  });

/** As a worker does: the event, and after its commit the hint. */
async function emit(
  to = session,
  hintOf: (hint: SessionHint) => SessionHint | null = (hint) => hint,
): Promise<Appended> {
  const event = { type: 'session.status', data: EVENTS['session.status'].example } as const;
  const appended = await fixture.appendEvent(to, event);
  const hints = hintsOf(appended).flatMap((hint) => hintOf(hint) ?? []);
  deliverer.onHints(JSON.parse(JSON.stringify(hints)) as SessionHint[]);
  return appended;
}
const emitMany = async (count: number, to = session) => {
  for (let index = 0; index < count; index += 1) await emit(to);
};

const signatureOf = (secret: string, { headers, body }: Received): string => {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
};

describe('many webhooks (MR-045)', () => {
  it('of a session and of its workspace get every event once, in order, signed with their own secrets', async () => {
    const other = await fixture.createSession(user);
    const further = await Promise.all([1, 2, 3].map((n) => create(`further-${n}`, { sessionId: session.slug })));
    const wide = await create('wide');
    await emitMany(5);
    await emitMany(3, other);
    for (const n of [1, 2, 3]) await untilSeqs(`further-${n}`, [1, 2, 3, 4, 5]);
    await untilSeqs('wide', [1, 2, 3, 4, 5]);
    await untilSeqs('wide', [1, 2, 3], other.slug);
    const later = await fixture.createSession(user);
    await emitMany(2, later);
    await untilSeqs('wide', [1, 2], later.slug);
    for (const [index, { secret }] of [...further, wide].entries()) {
      const its = of(index < 3 ? `further-${index + 1}` : 'wide');
      for (const one of its) {
        expect(one.headers['webhook-signature']).toBe(signatureOf(secret, one));
        expect(payloadProblems(one.event)).toEqual([]);
      }
    }
    expect(new Set(received.map(({ headers, path }) => `${path} ${String(headers['webhook-id'])}`)).size).toBe(
      received.length,
    );
  });

  it('get what was appended while nobody held them, without a row and without a hint', async () => {
    const { id } = await create('unheld', { sessionId: session.slug });
    for (let index = 0; index < 3; index += 1) await emit(session, () => null);
    await untilSeqs('unheld', [1, 2, 3]);
    await waitFor(async () => (await shown(id)).backlog.count === 0, { what: 'the results to be written' });
  });

  it('miss nothing that a worker of the version before tells in its hints, which know the primary one alone', async () => {
    await create('old-worker', { sessionId: session.slug });
    await emit();
    await untilSeqs('old-worker', [1]);
    const asBefore = ({ hasAllWebhooks: _, ...hint }: SessionHint): SessionHint => ({
      ...hint,
      webhooks: [],
      events: [],
    });
    await emit(session, asBefore);
    await emit(session, asBefore);
    await untilSeqs('old-worker', [1, 2, 3]);
  });

  it('that are paused get what happened meanwhile when they are resumed, and the others go on', async () => {
    const paused = await create('paused', { sessionId: session.slug });
    await create('running', { sessionId: session.slug });
    await emitMany(2);
    await untilSeqs('paused', [1, 2]);
    await patch(paused.id, { isPaused: true });
    await emitMany(3);
    await untilSeqs('running', [1, 2, 3, 4, 5]);
    await waitFor(async () => (await shown(paused.id)).backlog.count === 3, { what: 'three events to wait' });
    expect(seqsOf('paused')).toEqual([1, 2]);
    await patch(paused.id, { isPaused: false });
    await emitMany(1);
    await untilSeqs('paused', [1, 2, 3, 4, 5, 6]);
  });

  it('also the primary one can be paused', async () => {
    await fixture.call('PUT', `/api/sessions/${session.slug}/webhook`, {
      as: session.key,
      body: { url: at('primary') },
    });
    const list = await fixture.call('GET', `/api/sessions/${session.slug}/webhooks`, { as: session.key });
    const { id } = list.body.data.webhooks[0];
    await emitMany(1);
    await untilSeqs('primary', [1]);
    await patch(id, { isPaused: true });
    await emitMany(2);
    await waitFor(async () => (await shown(id)).backlog.count === 2, { what: 'two events to wait' });
    expect((await shown(id)).state).toBe('paused');
    await patch(id, { isPaused: false });
    await untilSeqs('primary', [1, 2, 3]);
  });

  it('of a workspace are changed while all its sessions have traffic, and nothing is lost', async () => {
    const { id } = await create('changing');
    const sessions = [session];
    for (let count = 0; count < 5; count += 1) sessions.push(await fixture.createSession(user));
    const events = Promise.all(sessions.map((one) => emitMany(20, one)));
    const changes = [];
    for (let count = 0; count < 12; count += 1) changes.push((await patch(id, { metadata: { count } })).status);
    await events;
    expect(new Set(changes)).toEqual(new Set([200]));
    const all = Array.from({ length: 20 }, (_, index) => index + 1);
    for (const one of sessions) {
      const seen = () => [...new Set(seqsOf('changing', one.slug))];
      await waitFor(() => seen().length === all.length, { what: `all events of ${one.slug}`, timeoutMs: 15_000 });
      expect(seen()).toEqual(all);
    }
  });

  it('of a workspace whose receiver is gone is off for all sessions, and says why', async () => {
    const other = await fixture.createSession(user);
    const { id } = await create('gone');
    answers.set('/gone', 410);
    await emit();
    await waitFor(async () => (await shown(id)).state === 'off', { what: 'the webhook to be switched off' });
    expect(await shown(id)).toMatchObject({ isActive: false, disabledReason: expect.stringContaining('410') });
    const count = of('gone').length;
    await emit(other);
    expect((await shown(id)).backlog.count).toBe(0);
    answers.delete('/gone');
    await patch(id, { isActive: true });
    await emit(other);
    await untilSeqs('gone', [2], other.slug);
    expect(of('gone')).toHaveLength(count + 1);
  });

  it('say what was wrong last', async () => {
    const { id } = await create('failing', { sessionId: session.slug });
    answers.set('/failing', 503);
    await emit();
    await waitFor(async () => (await shown(id)).state === 'down', { what: 'the receiver to be shown as down' });
    const failing = await shown(id);
    expect(failing).toMatchObject({
      lastError: expect.stringContaining('503'),
      failingSince: expect.any(String),
      nextProbeAt: expect.any(String),
      backlog: { count: 1 },
    });
    expect(Date.now() - Date.parse(failing.lastErrorAt)).toBeLessThan(60_000);
    answers.delete('/failing');
    await waitFor(async () => (await shown(id)).state === 'active', {
      what: 'the repetition to succeed',
      timeoutMs: 15_000,
    });
    expect((await shown(id)).backlog).toEqual({ count: 0, oldestAt: null, oldestAgeSeconds: null });
  });
});

describe('what each request has (MR-045)', () => {
  it('headers and credentials of the customer, and metadata in the body', async () => {
    await create('own', {
      sessionId: session.slug,
      headers: { 'X-Tenant': 'seven' },
      basicAuth: { username: 'ann', password: 'päss' },
      metadata: { customer: 7 },
    });
    await emit();
    await untilSeqs('own', [1]);
    const [one] = of('own');
    expect(one!.headers).toMatchObject({
      'x-tenant': 'seven',
      authorization: `Basic ${Buffer.from('ann:päss').toString('base64')}`,
      'content-type': 'application/json; charset=utf-8',
    });
    expect(one!.event.metadata).toEqual({ customer: 7 });
    expect(payloadProblems(one!.event)).toEqual([]);
    expect(one!.body).not.toContain('seven');
  });

  it('two signatures while a new secret comes into use, and one after that', async () => {
    const { id, secret } = await create('rotating', { sessionId: session.slug });
    const rotate = async (overlapSeconds: number): Promise<string> => {
      const url = `/api/webhooks/${id}/rotate-secret`;
      return (await fixture.call('POST', url, { as: user.token, body: { overlapSeconds } })).body.data.webhook.secret;
    };
    await emit();
    await untilSeqs('rotating', [1]);
    const second = await rotate(3_600);
    await emit();
    await untilSeqs('rotating', [1, 2]);
    const third = await rotate(0);
    await emit();
    await untilSeqs('rotating', [1, 2, 3]);
    const signatures = of('rotating').map((one) => String(one.headers['webhook-signature']));
    const expected = of('rotating').map((one, index) =>
      [[secret], [second, secret], [third]][index]!.map((key) => signatureOf(key, one)).join(' '),
    );
    expect(signatures).toEqual(expected);
  });
});

describe('a test (MR-045)', () => {
  const test = async (id: string, body: Record<string, unknown> = {}) =>
    (await fixture.call('POST', `/api/webhooks/${id}/test`, { as: user.token, body })).body.data;

  it('sends the example of an event as it will come, and shows what the receiver said', async () => {
    const { id, secret } = await create('tested', { headers: { 'X-Tenant': 'seven' }, isPaused: true });
    said = 'thank you';
    const result = await test(id, { event: 'message.delivered' });
    expect(result).toMatchObject({
      event: 'message.delivered',
      isDelivered: true,
      statusCode: 200,
      answer: 'thank you',
      error: null,
    });
    const [one] = of('tested');
    expect(one!.headers).toMatchObject({ 'x-webhook-test': 'true', 'x-tenant': 'seven', 'webhook-id': result.id });
    expect(one!.headers['webhook-signature']).toBe(signatureOf(secret, one!));
    expect(one!.event).toMatchObject({ event: 'message.delivered', seq: 0, data: EVENTS['message.delivered'].example });
    expect(payloadProblems(one!.event)).toEqual([]);
    expect((await shown(id)).backlog.count).toBe(0);
  });

  it('has a sample of every event', async () => {
    const { id } = await create('sample', { sessionId: session.slug });
    for (const event of EVENT_TYPES) expect(await test(id, { event }), event).toMatchObject({ isDelivered: true });
    expect(of('sample').map((one) => one.event.event)).toEqual(EVENT_TYPES);
    expect(of('sample').flatMap((one) => payloadProblems(one.event))).toEqual([]);
  });

  it('shows a refusal without what it was sent, and the beginning of a long answer', async () => {
    const { id, secret } = await create('refusing', { headers: { 'X-Tenant': 'seven-of-nine' } });
    answers.set('/refusing', 422);
    said = `not ${secret} seven-of-nine ${'x'.repeat(5_000)}`;
    const result = await test(id);
    expect(result).toMatchObject({ isDelivered: false, statusCode: 422, error: 'The receiver answered 422.' });
    expect(result.answer).toMatch(/^not \[removed\] \[removed\] x+$/);
    expect(result.answer.length).toBeLessThanOrEqual(1_024);
  });

  it('says why there was no answer', async () => {
    const { id } = await create('nowhere');
    await patch(id, { url: 'http://127.0.0.1:1/' });
    expect(await test(id)).toMatchObject({
      isDelivered: false,
      statusCode: null,
      answer: null,
      error: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('goes to no private address where these are refused', async () => {
    const box = createSecretBox([fixture.masterKey], 'webhook-secrets');
    const endpointId = session.id;
    const sendTest = createTestRequest({ allowPrivate: false, secrets: box, clock: systemClock });
    const sealed = {
      secret: box.seal(Buffer.from('whsec_x'), secretContext(endpointId)),
      previousSecret: null,
      previousSecretMs: null,
    };
    const webhook = {
      ...sealed,
      endpointId,
      sessionId: endpointId,
      isPrimary: false,
      configuration: null,
      slug: 's',
      type: 'http',
      metadata: null,
    };
    for (const url of [
      at('private'),
      at('private').replace('127.0.0.1', 'localhost'),
      at('private').replace('127.0.0.1', '[::ffff:127.0.0.1]'),
    ]) {
      const result = await sendTest({ ...webhook, url }, 'message.received');
      expect(result, url).toMatchObject({
        isDelivered: false,
        statusCode: null,
        error: expect.stringContaining('private address'),
      });
    }
    expect(of('private')).toEqual([]);
  });
});
