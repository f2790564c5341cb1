import { createLogger, internalToken, NO_INCARNATION, newNonce, PROOF_HEADERS, provenIncarnation } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWorkerApp } from './app.ts';
import { describeWorker } from './lease/worker-stats.ts';
import { startWorld, type World } from './testing/world.ts';

const LOAD = { cpuUsage: 12.5, memoryUsage: 3.25, eventLoopDelayMs: 1 };
const logger = createLogger({ service: 'test', level: 'silent' });
let world: World;
let app: FastifyInstance;
let incarnation: number | undefined;

beforeAll(async () => {
  world = await startWorld();
  incarnation = world.host.supervisor.incarnation;
  const { supervisor, metrics } = world.host;
  app = buildWorkerApp({
    logger,
    probes: {
      workerId: 'worker-test',
      network: 'sandbox',
      registry: metrics.instruments.registry,
      incarnation: () => incarnation,
      sessionCount: () => supervisor.actors.length,
      messageCount: () => metrics.messageCount(),
      load: () => LOAD,
    },
    stats: () => describeWorker({ supervisor, messageCount: () => metrics.messageCount(), load: () => LOAD }),
    ownership: { supervisor, workerId: 'worker-test', masterKeys: world.masterKeys, incarnation: () => incarnation },
    control: world.control,
  });
});
afterAll(async () => {
  await app?.close();
  await world?.stop();
});

const token = (of = incarnation!) => internalToken(world.masterKeys[0]!, 'worker-test', of);

interface CallOptions {
  method?: 'GET' | 'POST' | 'DELETE';
  epoch?: number;
  authorization?: string;
  payload?: object;
}

async function call(url: string, { method = 'GET', epoch, authorization, payload }: CallOptions = {}) {
  const response = await app.inject({
    method,
    url,
    headers: {
      authorization: authorization ?? `Bearer ${token()}`,
      ...(epoch === undefined ? {} : { 'x-session-epoch': String(epoch) }),
    },
    ...(payload ? { payload } : {}),
  });
  return { status: response.statusCode, body: response.json() };
}

const epochOf = async (sessionId: string) => (await world.actor(sessionId)).owner.epoch;

describe('who may call', () => {
  it('probes answer everybody (MR-029)', async () => {
    expect((await app.inject('/health')).json()).toMatchObject({
      status: 'healthy',
      workerId: 'worker-test',
      sessionCount: expect.any(Number),
      cpuUsage: 12.5,
      memoryUsage: 3.25,
      messageCount: expect.any(Number),
      uptime: expect.any(Number),
    });
    expect((await app.inject('/livez')).statusCode).toBe(200);
    expect((await app.inject('/readyz')).statusCode).toBe(200);
    expect((await app.inject('/metrics')).body).toMatch(/wag_sessions\{state="connected"/);
  });

  it('everything else only gateways, with the token of this incarnation', async () => {
    const url = '/session/018f6f3c-4d00-7000-8000-000000000000/status';
    expect((await call(url, { authorization: '', epoch: 1 })).status).toBe(401);
    expect((await call(url, { authorization: `Bearer ${token(incarnation! + 1)}`, epoch: 1 })).status).toBe(401);
    expect((await call(url, { epoch: 1 })).status).toBe(421);
  });

  it('is not ready before it holds a lease', async () => {
    const held = incarnation;
    incarnation = undefined;
    expect((await app.inject('/readyz')).statusCode).toBe(503);
    incarnation = held;
  });
});

describe('answers prove who gives them', () => {
  const proven = async (url: string, headers: Record<string, string> = {}) => {
    const nonce = newNonce();
    const response = await app.inject({ url, headers: { [PROOF_HEADERS.nonce]: nonce, ...headers } });
    const given = response.headers as Record<string, string>;
    return { status: response.statusCode, by: provenIncarnation(world.masterKeys, 'worker-test', nonce, given) };
  };

  it('probes, refusals and unknown routes alike', async () => {
    const url = '/session/018f6f3c-4d00-7000-8000-000000000000/status';
    const authorization = `Bearer ${token()}`;
    expect(await proven('/health')).toEqual({ status: 200, by: incarnation });
    expect(await proven(url)).toEqual({ status: 401, by: incarnation });
    expect(await proven(url, { authorization, 'x-session-epoch': '1' })).toEqual({ status: 421, by: incarnation });
    expect(await proven('/nothing')).toEqual({ status: 404, by: incarnation });
  });

  it('says that it has no incarnation while it holds no lease', async () => {
    const held = incarnation;
    incarnation = undefined;
    expect(await proven('/health')).toEqual({ status: 200, by: NO_INCARNATION });
    incarnation = held;
  });

  it('and nothing is said about it to those who do not ask', async () => {
    expect((await app.inject('/health')).headers).not.toHaveProperty(PROOF_HEADERS.proof);
  });
});

describe('a route is a hint (I6)', () => {
  it('answers 421 for another epoch, another session or none, before anything is done', async () => {
    const { sessionId } = await world.createPaired();
    const epoch = await epochOf(sessionId);
    for (const wrong of [epoch + 1, epoch - 1, undefined]) {
      const { status, body } = await call(`/session/${sessionId}`, {
        method: 'DELETE',
        ...(wrong === undefined ? {} : { epoch: wrong }),
      });
      expect([status, body.code]).toEqual([421, 'SESSION_NOT_OWNED']);
    }
    expect((await world.session(sessionId)).state).toBe('CONNECTED');
  });
});

describe('operations (MR-030, MR-031, MR-032)', () => {
  it('create converges on the placement, and makes nothing that the database does not know', async () => {
    const sessionId = await world.createSession();
    const epoch = await epochOf(sessionId);
    // What the brief sends along is of no use here: it is in the database.
    const payload = { sessionId, userId: 'user123', sessionName: 'Personal WhatsApp' };
    const created = await call('/session/create', { method: 'POST', epoch, payload });
    expect(created).toMatchObject({ status: 200, body: { sessionId } });
    const { body: shown } = await call(`/session/${sessionId}/qr`, { epoch });
    const again = await call('/session/create', { method: 'POST', epoch, payload });
    expect(again.body).toMatchObject({ state: 'qr_required', qrCode: shown.qr });
    const unknown = { sessionId: '018f6f3c-4d00-7000-8000-000000000000' };
    expect((await call('/session/create', { method: 'POST', epoch: 1, payload: unknown })).status).toBe(421);
  });

  it('links by the QR code it gives, and refuses another one then', async () => {
    const sessionId = await world.createSession();
    const epoch = await epochOf(sessionId);
    const { body } = await call(`/session/${sessionId}/qr`, { epoch });
    expect(body).toMatchObject({ attempt: 1, expiresAt: expect.stringMatching(/Z$/) });
    await world.sandbox.scan(await world.sandbox.createPhone(), body.qr);
    await world.waitForState(sessionId, 'CONNECTED');
    expect(await call(`/session/${sessionId}/status`, { epoch })).toMatchObject({
      status: 200,
      body: { sessionId, status: 'connected', state: 'connected', phoneNumber: expect.stringMatching(/^\d+$/) },
    });
    const again = await call(`/session/${sessionId}/qr`, { epoch });
    expect([again.status, again.body.code]).toEqual([409, 'SESSION_ALREADY_PAIRED']);
  });

  it('streams what happens while it is linked, until it is connected', async () => {
    const sessionId = await world.createSession();
    const epoch = await epochOf(sessionId);
    const streaming = app.inject({
      url: `/session/${sessionId}/qr/stream`,
      headers: { authorization: `Bearer ${token()}`, 'x-session-epoch': String(epoch) },
    });
    const { body: shown } = await call(`/session/${sessionId}/qr`, { epoch });
    await world.sandbox.scan(await world.sandbox.createPhone(), shown.qr);
    const { headers, body } = await streaming;
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const events = body
      .split('\n\n')
      .filter((text) => text.startsWith('event'))
      .map((text) => [/^event: (.*)$/m.exec(text)![1], JSON.parse(/^data: (.*)$/m.exec(text)![1]!)] as const);
    expect(events.find(([name]) => name === 'qr')![1]).toMatchObject({
      state: 'qr_required',
      qr: shown.qr,
      attempt: 1,
    });
    expect(events.at(-1)).toMatchObject(['state', { status: 'connected', state: 'connected', qr: null }]);
    const again = await call(`/session/${sessionId}/qr/stream`, { epoch });
    expect([again.status, again.body.code]).toEqual([409, 'SESSION_ALREADY_PAIRED']);
  });

  it('reports the health of a connection', async () => {
    const { sessionId } = await world.createPaired();
    const epoch = await epochOf(sessionId);
    const { status, body } = await call(`/session/${sessionId}/health`, { epoch });
    expect([status, body]).toMatchObject([
      200,
      { status: 'connected', state: 'connected', workerId: 'worker-test', epoch, recycles: 0 },
    ]);
    expect(Date.parse(body.connectedSince)).toBeLessThanOrEqual(Date.now());
  });

  it('gives a pairing code for a number, and refuses what is no number', async () => {
    const sessionId = await world.createSession();
    const epoch = await epochOf(sessionId);
    const url = `/session/${sessionId}/pairing-code`;
    expect((await call(url, { method: 'POST', epoch, payload: { phoneNumber: 'x' } })).status).toBe(400);
    const { body } = await call(url, { method: 'POST', epoch, payload: { phoneNumber: '15550009999' } });
    expect(body).toMatchObject({ code: expect.stringMatching(/^[A-Z0-9]{8}$/) });
  });

  it('restarts, logs out and deletes', async () => {
    const { sessionId, number } = await world.createPaired();
    const epoch = await epochOf(sessionId);
    expect((await call(`/session/${sessionId}/restart`, { method: 'POST', epoch })).status).toBe(200);
    // A logout during the connect waits until the device can be unlinked.
    const out = await call(`/session/${sessionId}/logout`, { method: 'POST', epoch });
    expect(out).toMatchObject({ status: 200, body: { unlinked: true } });
    expect(await world.sandbox.devices(number)).toEqual([]);
    expect((await call(`/session/${sessionId}`, { method: 'DELETE', epoch })).body).toMatchObject({ unlinked: false });
    await world.host.supervisor.converge();
    expect(world.host.supervisor.find(sessionId)).toBeUndefined();
  });
});

describe('operations by name (MR-014)', () => {
  const operate = (sessionId: string, name: string, epoch: number, payload?: object) =>
    call(`/session/${sessionId}/operations/${name}`, { method: 'POST', epoch, ...(payload && { payload }) });

  it('are the same as the endpoints that gateways of the version before call', async () => {
    const { sessionId } = await world.createPaired();
    const epoch = await epochOf(sessionId);
    const lasting = ({ status, body }: Awaited<ReturnType<typeof call>>) => {
      const { lastSeenAt, ...account } = body.account;
      expect(Date.parse(lastSeenAt)).toBeLessThanOrEqual(Date.now());
      return { status, body: { ...body, account } };
    };
    // The name of the account comes a moment after the connection: between the two calls, sometimes.
    await waitFor(async () => {
      const named = await operate(sessionId, 'sessions.status', epoch);
      expect(lasting(named)).toEqual(lasting(await call(`/session/${sessionId}/status`, { epoch })));
      return true;
    });
    expect((await operate(sessionId, 'sessions.health', epoch)).body).toMatchObject({ state: 'connected', epoch });
    const again = await operate(sessionId, 'sessions.qr', epoch);
    expect([again.status, again.body.code]).toEqual([409, 'SESSION_ALREADY_PAIRED']);
  });

  it('do not exist under other names, nor with another input, nor for other epochs', async () => {
    const { sessionId } = await world.createPaired();
    const epoch = await epochOf(sessionId);
    for (const name of ['nothing', 'toString', 'sessions']) {
      const { status, body } = await operate(sessionId, name, epoch, {});
      expect([status, body.code]).toEqual([404, 'ROUTE_NOT_FOUND']);
    }
    const odd = await operate(sessionId, 'presence.set', epoch, { state: 'dancing' });
    expect([odd.status, odd.body.code]).toEqual([400, 'VALIDATION']);
    expect((await operate(sessionId, 'sessions.status', epoch + 1)).status).toBe(421);
  });

  it('need a connection where they say something to WhatsApp', async () => {
    const sessionId = await world.createSession();
    const epoch = await epochOf(sessionId);
    // Until its keys are loaded, the worker cannot know whether the session is linked.
    const { status, body } = await waitFor(async () => {
      const answer = await operate(sessionId, 'presence.set', epoch, { state: 'available' });
      return answer.body.code === 'SESSION_MOVING' ? undefined : answer;
    });
    expect([status, body.code]).toEqual([409, 'SESSION_NOT_CONNECTED']);
  });

  it('type in a chat at once, and come and go only when the account has a name', async () => {
    const { sessionId, number } = await world.createPaired();
    const epoch = await epochOf(sessionId);
    const to = `${await world.sandbox.createPhone()}@s.whatsapp.net`;
    expect(await operate(sessionId, 'presence.set', epoch, { state: 'composing', to })).toMatchObject({
      status: 200,
      body: { state: 'composing' },
    });
    // The name arrives at some time; until then every call is refused, and none afterwards.
    await world.sandbox.sendFrom(number, { to: to.split('@')[0]!, type: 'text', text: 'hello' });
    const refusals = new Set<unknown>();
    const come = () => operate(sessionId, 'presence.set', epoch, { state: 'available' });
    await waitFor(async () => {
      const { status, body } = await come();
      if (status !== 200) refusals.add(`${status} ${body.code}`);
      return status === 200;
    });
    expect([...refusals].filter((refusal) => refusal !== '409 WA_NOT_READY')).toEqual([]);
    expect((await come()).body).toEqual({ state: 'available' });
  });
});

describe('operations of the fleet (MR-028)', () => {
  const operate = (operation: string, payload?: object) =>
    call(`/operations/${operation}`, { method: 'POST', ...(payload && { payload }) });

  it('are for gateways only', async () => {
    for (const operation of ['ping', 'stats', 'log-level', 'converge']) {
      expect((await call(`/operations/${operation}`, { method: 'POST', authorization: '' })).status).toBe(401);
    }
  });

  it('ping answers, and what is no operation does not', async () => {
    expect(await operate('ping')).toEqual({ status: 200, body: {} });
    expect((await operate('shell', {})).status).toBe(404);
  });

  it('stats report what is hosted, and name no session', async () => {
    const { sessionId } = await world.createPaired();
    const { status, body } = await operate('stats');
    expect([status, body.stats]).toMatchObject([
      200,
      { ...LOAD, actors: world.host.supervisor.actors.length, states: { connected: expect.any(Number) } },
    ]);
    expect(body.stats.rssBytes).toBeGreaterThan(1_000_000);
    expect(JSON.stringify(body)).not.toContain(sessionId);
  });

  it('log-level sets what is logged from now on, and returns what it was', async () => {
    expect(await operate('log-level', { level: 'fatal' })).toMatchObject({ status: 200 });
    expect(await operate('log-level', { level: 'error' })).toEqual({ status: 200, body: { level: 'fatal' } });
    expect(logger.level).toBe('error');
    logger.level = 'silent';
    expect((await operate('log-level', { level: 'shout' })).status).toBe(400);
  });

  it('converge looks at the placements before it answers', async () => {
    const sessionId = await world.createSession();
    await epochOf(sessionId);
    await world.database.pool.query(
      `UPDATE session_placements SET state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL, epoch = epoch + 1 WHERE session_id = $1`,
      [sessionId],
    );
    expect((await operate('converge')).status).toBe(200);
    expect(world.host.supervisor.find(sessionId)).toBeUndefined();
  });
});
