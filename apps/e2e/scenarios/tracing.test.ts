import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { programOf } from '../harness/checkout.ts';
import { OtlpReceiver, type ReceivedSpan } from '../harness/otlp-receiver.ts';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
  waitForStatus,
} from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

const collector = new OtlpReceiver();
const environment: Record<string, string> = { OTEL_BSP_SCHEDULE_DELAY: '100' };
const system = useSystem({ workers: 1, env: { gateway: environment, worker: environment }, logLevel: 'debug' });
let tenant: Tenant;
let friend: Phone;
let session: PairedSession;
let webhook: WebhookReceiver;

// Before the hook of `useSystem`, which is registered above and reads the object at its start.
environment.OTEL_EXPORTER_OTLP_ENDPOINT = (await collector.start()).url;
environment.OTEL_EXPORTER_OTLP_HEADERS = 'x-tenant=wa%20gate';

beforeAll(async () => {
  tenant = await registerTenant(system());
  friend = await addPhone(system(), 'Friend');
  await system().sandbox.updatePhone(friend.number, { receipts: { deliveredMs: 0, readMs: 0 } });
  session = await pairSession(system(), tenant);
  webhook = await subscribe(tenant, session.sessionId);
  // A number that is new to the session is looked up first, and its message waits in the outbox.
  await send(newTrace(), 'sent');
});
afterAll(async () => {
  await webhook?.close();
  await collector.close();
});

const newTrace = () => {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
};
const send = (trace: { headers: Record<string, string> }, wait: 'sent' | 'queued', message = 'hello') =>
  session.api.send(session.sessionId, { to: friend.number, type: 'text', message }, { wait, headers: trace.headers });

/** Waits until the trace has such a span. */
const find = (traceId: string, what: string, matches: (span: ReceivedSpan) => boolean) =>
  collector.waitForSpan(traceId, what, matches);
const named = (name: string) => (span: ReceivedSpan) => span.name === name;

const GATEWAY = 'wa-gate-gateway';
const WORKER = 'wa-gate-worker';

test('a message that the caller waits for is one trace, from the request to the webhook, with a span of each library', async () => {
  const trace = newTrace();
  const { body } = await send(trace, 'sent');
  const { messageId } = body.data;
  const delivered = await waitFor(() =>
    webhook.requests.find(({ event }) => event.data.messageId === messageId && event.event === 'message.sent'),
  );
  expect(delivered.traceparent).toMatch(new RegExp(`^00-${trace.traceId}-[\\da-f]{16}-01$`));

  // http and fastify
  const request = await find(trace.traceId, 'the request', named('POST /api/sessions/:id/send'));
  expect(request).toMatchObject({ service: GATEWAY, parentSpanId: trace.spanId, kind: 2 });
  expect(request.attributes).toMatchObject({
    'http.route': '/api/sessions/:id/send',
    'http.response.status_code': 200,
  });
  // ioredis: the limits of the caller
  const limits = await find(trace.traceId, 'Redis', ({ attributes }) => attributes['db.system.name'] === 'redis');
  expect(limits).toMatchObject({ service: GATEWAY, parentSpanId: request.spanId, kind: 3 });
  // The worker accepts it in the commit of its ratchet step.
  const sent = await find(trace.traceId, 'the attempt', named('send message'));
  expect(sent).toMatchObject({ service: WORKER, parentSpanId: request.spanId, kind: 4 });
  expect(sent.attributes).toMatchObject({
    'messaging.message.id': messageId,
    'wag.accepted_at': 'owner',
    'wag.attempt': 1,
  });
  // pg
  const commit = await find(trace.traceId, 'the commit', named('accept-at-owner'));
  expect(commit).toMatchObject({ service: WORKER, parentSpanId: sent.spanId });
  expect(commit.attributes['db.system.name']).toBe('postgresql');
  await find(trace.traceId, 'the outcome', named('record-outcomes'));
  // undici
  const delivery = await find(
    trace.traceId,
    'the delivery',
    ({ name, attributes }) => name === 'deliver event' && attributes['wag.event'] === 'message.sent',
  );
  const post = await find(
    trace.traceId,
    'the request to the webhook',
    ({ parentSpanId }) => parentSpanId === delivery.spanId,
  );
  expect(post).toMatchObject({
    name: 'POST',
    kind: 3,
    attributes: { 'http.response.status_code': 200, 'server.address': '127.0.0.1' },
  });
  expect(delivered.traceparent!.split('-')[2]).toBe(post.spanId);
  expect(collector.headers['x-tenant']).toBe('wa gate');
});

test('a message that waits in the outbox goes on with its trace', async () => {
  const trace = newTrace();
  const { body } = await send(trace, 'queued');
  const request = await find(trace.traceId, 'the request', named('POST /api/sessions/:id/send'));
  expect(await find(trace.traceId, 'the accept', named('accept-message'))).toMatchObject({
    parentSpanId: request.spanId,
  });
  const sent = await find(trace.traceId, 'the attempt', named('send message'));
  expect(sent).toMatchObject({
    service: WORKER,
    attributes: { 'messaging.message.id': body.data.messageId, 'wag.accepted_at': 'gateway' },
  });
});

test('a message that a crash interrupts is one trace, attempts before and after it', async () => {
  const trace = newTrace();
  const [device] = await system().sandbox.devices(session.phone.number);
  const faultId = await system().sandbox.addFault({
    kind: 'drop',
    device: `${session.phone.number}:${device!.id}`,
    // The message itself does not arrive.
    direction: 'from',
    stanza: 'message',
    count: 100,
  });
  const { body } = await send(trace, 'queued', 'interrupted');
  const { messageId } = body.data;
  const { pool } = system().services;
  await waitFor(async () => {
    const { rows } = await pool.query(`SELECT 1 FROM outbox WHERE message_id = $1 AND state = 'SENDING'`, [messageId]);
    return rows.length === 1;
  });
  await system().sandbox.cancelFault(faultId);
  await system().restart('worker-1', 'SIGKILL');
  await waitForStatus(tenant.api, session.sessionId, 'connected');
  const told = await waitFor(() =>
    webhook.requests.find(({ event }) => event.data.messageId === messageId && event.event === 'message.sent'),
  );
  expect(told.traceparent).toContain(trace.traceId);
  const second = await find(
    trace.traceId,
    'the second attempt',
    ({ name, attributes }) => name === 'send message' && Number(attributes['wag.attempt']) > 1,
  );
  const { rows } = await pool.query<{ trace: string }>('SELECT trace FROM outbox WHERE message_id = $1', [messageId]);
  expect(rows[0]!.trace).toContain(trace.traceId);
  expect(rows[0]!.trace.split('-')[2]).toBe(second.parentSpanId);
});

test('a message that comes in begins a trace, which its webhook goes on with', async () => {
  await system().sandbox.sendText(friend.number, session.phone.number, 'hello yourself');
  const came = await waitFor(() => webhook.requests.find(({ event }) => event.data.text === 'hello yourself'));
  const [, traceId = ''] = came.traceparent!.split('-');
  const received = await find(traceId, 'the arrival', named('receive message'));
  expect(received).toMatchObject({ service: WORKER, parentSpanId: '', kind: 5 });
  expect(await find(traceId, 'the write', ({ name }) => name.startsWith('store-inbound'))).toMatchObject({
    parentSpanId: received.spanId,
  });
});

test('a receipt is a span of the trace of its message, and of the webhook that tells it (MR-125)', async () => {
  const trace = newTrace();
  const { body } = await send(trace, 'sent');
  const { messageId } = body.data;
  for (const event of ['message.delivered', 'message.read']) {
    const receipt = await find(
      trace.traceId,
      `the receipt of ${event}`,
      ({ name, attributes }) => name === 'receive receipt' && attributes['wag.event'] === event,
    );
    expect(receipt).toMatchObject({
      service: WORKER,
      kind: 5,
      attributes: { 'messaging.message.id': messageId, 'wag.session.id': expect.any(String) },
    });
    const told = await waitFor(() =>
      webhook.requests.find((one) => one.event.data.messageId === messageId && one.event.event === event),
    );
    expect(told.traceparent).toContain(trace.traceId);
  }
});

test('an edit that comes in begins a trace; one of the API goes on with that of its request (MR-060)', async () => {
  const { sandbox } = system();
  const toUs = (change: { type: string; [field: string]: unknown }) =>
    sandbox.send(friend.number, { to: session.phone.number, ...change });
  const { id } = await toUs({ type: 'text', text: 'before the edit' });
  await webhook.waitForEvent('message.received', ({ data }) => data.waMessageId === id);
  await toUs({ type: 'edit', target: id, text: 'after the edit' });
  const edited = await waitFor(() => webhook.requests.find(({ event }) => event.data.text === 'after the edit'));
  expect(edited.event.event).toBe('message.edited');
  const [, traceId = ''] = edited.traceparent!.split('-');
  const received = await find(traceId, 'the change', named('receive change'));
  expect(received).toMatchObject({ service: WORKER, parentSpanId: '', kind: 5, attributes: { 'wag.change': 'edit' } });
  expect(await find(traceId, 'the write', named('apply-changes'))).toMatchObject({ parentSpanId: received.spanId });

  const { body } = await send(newTrace(), 'sent', 'before the edit of the API');
  const trace = newTrace();
  const path = `/api/messages/${body.data.messageId}`;
  await session.api.data(path, {
    method: 'PATCH',
    json: { text: 'after the edit of the API' },
    headers: trace.headers,
  });
  const told = await waitFor(() =>
    webhook.requests.find(({ event }) => event.data.text === 'after the edit of the API'),
  );
  expect(told.event.event).toBe('message.edited');
  expect(told.traceparent).toContain(trace.traceId);
  await find(trace.traceId, 'the attempt', named('send message'));
});

test('two contacts that turn out to be one begin a trace in each session that knows them (MR-136)', async () => {
  const shy = await addPhone(system(), 'Shy');
  const write = (text: string, more: Record<string, unknown>) =>
    system().sandbox.send(shy.number, { to: session.phone.number, type: 'text', text, ...more });
  await write('who am I', { addressing: 'lid', hidesOtherName: true });
  await webhook.waitForEvent('message.received', ({ data }) => data.text === 'who am I');
  await write('this is my number', { addressing: 'lid' });
  const merged = await waitFor(() =>
    webhook.requests.find(
      ({ event }) => event.event === 'contact.merged' && event.data.phoneNumber === `+${shy.number}`,
    ),
  );
  const [, traceId = ''] = merged.traceparent!.split('-');
  const span = await find(traceId, 'the merge', named('merge contacts'));
  expect(span).toMatchObject({ service: WORKER, parentSpanId: '', kind: 5 });
  expect(await find(traceId, 'the delivery', named('deliver event'))).toMatchObject({ parentSpanId: span.spanId });
});

test('a call to the worker is a part of the trace of its request', async () => {
  const trace = newTrace();
  await session.api.call(`/api/sessions/${session.sessionId}/restart`, { method: 'POST', headers: trace.headers });
  const request = await find(trace.traceId, 'the request', named('POST /api/sessions/:id/restart'));
  const call = await find(
    trace.traceId,
    'the call',
    ({ parentSpanId, kind }) => parentSpanId === request.spanId && kind === 3,
  );
  const worker = await find(trace.traceId, 'the worker', ({ service, kind }) => service === WORKER && kind === 2);
  expect(collector.of(trace.traceId).map(({ spanId }) => spanId)).toContain(worker.parentSpanId);
  expect(call.service).toBe(GATEWAY);
  await waitForStatus(tenant.api, session.sessionId, 'connected');
});

test('log lines carry the trace, in the gateway and in the worker', async () => {
  const trace = newTrace();
  await send(trace, 'sent');
  const lineOf = (name: string, text: string) =>
    waitFor(async () => {
      const lines = (await system().process(name).log.everything()).split('\n');
      return lines.find((line) => line.includes(trace.traceId) && line.includes(text));
    });
  const answered = JSON.parse(await lineOf('gateway-1', '"answered"'));
  expect(answered).toMatchObject({ traceId: trace.traceId, route: '/api/sessions/:id/send' });
  const concluded = JSON.parse(await lineOf('worker-1', '"message concluded"'));
  expect(concluded).toMatchObject({ service: 'worker', traceId: trace.traceId });
});

const TEXTS = ['hello yourself', 'interrupted', 'before the edit', 'after the edit', 'who am I'];

test('nothing of a message, a number or a secret is in a span', () => {
  const all = JSON.stringify(collector.spans);
  expect(collector.spans.length).toBeGreaterThan(50);
  for (const secret of [...system().secrets, friend.number, session.phone.number, ...TEXTS]) {
    expect(all).not.toContain(secret);
  }
});

test.each(['gateway', 'worker'] as const)('a %s without an endpoint does not read the SDK', (app) => {
  const folder = dirname(programOf(app));
  const seen = new Set<string>();
  /** What a file imports before it runs; `import()` is not among it. */
  const read = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const source = readFileSync(join(folder, file), 'utf8');
    for (const [, name] of source.matchAll(
      /(?:^|[;\s}])(?:import|export)\b[^;()]*?from\s*["']\.\/([\w.-]+)["']|import\s*["']\.\/([\w.-]+)["']/g,
    ))
      if (name) read(name);
  };
  read('main.js');
  // The worker's program is imported when its repairs are made.
  for (const file of readdirSync(folder)) if (/^main-\w+\.js$/.test(file)) read(file);
  expect(seen.size).toBeGreaterThan(1);
  for (const file of seen)
    expect(readFileSync(join(folder, file), 'utf8').includes('BatchSpanProcessor'), file).toBe(false);
});

expectSoundSystem(system);
