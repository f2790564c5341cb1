import type { AddressInfo } from 'node:net';
import {
  createInstruments,
  createLogger,
  internalToken,
  newNonce,
  PROOF_HEADERS,
  provenIncarnation,
} from '@wa-gate/kit';
import {
  type AcceptedMessage,
  type GatewayFrame,
  type SessionHint,
  toOffer,
  type WorkerFrame,
} from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { buildWorkerApp } from '../app.ts';
import { type ControlPort, createControlPort } from './control-stream.ts';

const WORKER = 'worker-1';
const masterKey = Buffer.alloc(32, 3);
const LOAD = { cpuUsage: 1, memoryUsage: 2, eventLoopDelayMs: 3 };

let incarnation: number | undefined;
let app: FastifyInstance;
let control: ControlPort;
let doorbells: string[];
let converged: number;
let offered: AcceptedMessage[];
let withdrawn: string[];
const gateways: Pick<TestGateway, 'socket' | 'fallSilent'>[] = [];

beforeEach(async () => {
  incarnation = 7;
  doorbells = [];
  converged = 0;
  offered = [];
  withdrawn = [];
  const logger = createLogger({ service: 'test', level: 'silent' });
  control = createControlPort({
    workerId: WORKER,
    incarnation: () => incarnation,
    load: () => LOAD,
    logger,
    tickMs: 100,
  });
  control.listen({
    onSessionDoorbell(sessionId) {
      doorbells.push(sessionId);
      return sessionId !== 'misrouted';
    },
    onConverge: () => {
      converged += 1;
    },
    sessionCount: () => 4,
    onOffer(message, decline) {
      offered.push(message);
      if (message.sessionId === 'misrouted') decline();
    },
    onWithdraw: ({ messageId }) => withdrawn.push(messageId),
    async onQuestion({ sessionId, operation }) {
      if (sessionId === 'broken') throw new Error('not answered');
      return sessionId === 'misrouted' ? undefined : { told: operation };
    },
  });
  const identity = { workerId: WORKER, masterKeys: [masterKey], incarnation: () => incarnation };
  app = buildWorkerApp({
    logger,
    probes: {
      ...identity,
      network: 'sandbox',
      registry: createInstruments({ service: 'test', version: '1' }).registry,
      sessionCount: () => 0,
      messageCount: () => 0,
      load: () => LOAD,
    },
    // These tests use no actor and no statistics.
    stats: undefined as never,
    ownership: { ...identity, supervisor: undefined as never },
    control,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  for (const { socket, fallSilent } of gateways.splice(0)) {
    fallSilent();
    socket.terminate();
  }
  control.close();
  await app.close();
});

/** Real gateways ping once per tick, which is a second. */
const PING_EVERY_MS = 50;

interface TestGateway {
  socket: WebSocket;
  frames: WorkerFrame[];
  /** The status of the answer, and the incarnation that it proves. */
  answer: { status: number; by: number | undefined };
  say(frame: GatewayFrame): void;
  /** Stops the pings. */
  fallSilent(): void;
}

/** Opens a stream as a gateway does; the worker may refuse it. */
async function connect(token = internalToken(masterKey, WORKER, 7)): Promise<TestGateway> {
  const nonce = newNonce();
  const { port } = app.server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/control`, {
    headers: { authorization: `Bearer ${token}`, [PROOF_HEADERS.nonce]: nonce },
  });
  const frames: WorkerFrame[] = [];
  socket.on('message', (data) => frames.push(JSON.parse((data as Buffer).toString()) as WorkerFrame));
  socket.on('error', () => undefined);
  const answer = await new Promise<TestGateway['answer']>((resolve) => {
    const settle = (status: number, headers: Record<string, string | string[] | undefined>) =>
      resolve({ status, by: provenIncarnation([masterKey], WORKER, nonce, headers) });
    socket.on('upgrade', ({ headers }) => settle(101, headers));
    socket.on('unexpected-response', (_request, { statusCode, headers }) => {
      socket.terminate();
      settle(statusCode ?? 0, headers);
    });
  });
  const pinging = setInterval(() => socket.readyState === WebSocket.OPEN && socket.ping(), PING_EVERY_MS);
  const fallSilent = () => clearInterval(pinging);
  socket.once('close', fallSilent);
  gateways.push({ socket, fallSilent });
  return { socket, frames, answer, say: (frame) => socket.send(JSON.stringify(frame)), fallSilent };
}

const ofType = <Type extends WorkerFrame['type']>({ frames }: TestGateway, type: Type) =>
  frames.filter((frame): frame is Extract<WorkerFrame, { type: Type }> => frame.type === type);

describe('questions', () => {
  const ask = (...sessionIds: string[]): GatewayFrame => ({
    type: 'ask',
    questions: sessionIds.map((sessionId, number) => ({ number, sessionId, epoch: 3, operation: 'sessions.status' })),
  });

  it('of one frame are answered in one; what has no answer is named too', async () => {
    const gateway = await connect();
    gateway.say(ask('a', 'misrouted', 'broken', 'b'));
    const [frame] = await waitFor(() => ofType(gateway, 'answers').length > 0 && ofType(gateway, 'answers'));
    expect(frame!.answers.toSorted((one, other) => one.number - other.number)).toEqual([
      { number: 0, answer: { told: 'sessions.status' } },
      { number: 1 },
      { number: 2 },
      { number: 3, answer: { told: 'sessions.status' } },
    ]);
    expect(ofType(gateway, 'answers')).toHaveLength(1);
  });

  it('to an incarnation that has ended have no answer (I2)', async () => {
    const gateway = await connect();
    incarnation = 8;
    gateway.say(ask('a'));
    // The stream is closed within a tick, which may be before the answer.
    const said = () => ofType(gateway, 'answers').flatMap(({ answers }) => answers);
    await waitFor(() => said().length > 0 || gateway.socket.readyState === WebSocket.CLOSED);
    expect(said().filter(({ answer }) => answer !== undefined)).toEqual([]);
  });
});

describe('who is let in', () => {
  it('a gateway that knows this incarnation; the answer proves it, and says hello', async () => {
    const gateway = await connect();
    expect(gateway.answer).toEqual({ status: 101, by: 7 });
    await waitFor(() => gateway.frames.length > 0);
    expect(gateway.frames[0]).toEqual({
      type: 'hello',
      workerId: WORKER,
      incarnation: 7,
      takesOffers: true,
      takesQuestions: true,
    });
  });

  it.each([
    ['the token of a former incarnation', internalToken(masterKey, WORKER, 6)],
    ['the token of another worker', internalToken(masterKey, 'worker-2', 7)],
    ['no token', ''],
  ])('nobody with %s, but he learns who answers (I2)', async (_what, token) => {
    expect((await connect(token)).answer).toEqual({ status: 401, by: 7 });
    expect(control.hasGateway).toBe(false);
  });

  it('nobody while there is no lease', async () => {
    incarnation = undefined;
    expect((await connect()).answer).toEqual({ status: 401, by: 0 });
  });
});

describe('what goes over the stream', () => {
  it('doorbells of both kinds; one for a session that is not here is sent back', async () => {
    const gateway = await connect();
    await waitFor(() => control.hasGateway);
    gateway.say({ type: 'bell', sessionIds: ['s1', 'misrouted', 's2'] });
    gateway.say({ type: 'look' });
    gateway.socket.send('{"type":"of another version"}');
    gateway.socket.send('no json');
    await waitFor(() => converged === 1 && ofType(gateway, 'strays').length > 0);
    expect([doorbells, ofType(gateway, 'strays')]).toEqual([
      ['s1', 'misrouted', 's2'],
      [{ type: 'strays', sessionIds: ['misrouted'] }],
    ]);
    expect(control.hasGateway).toBe(true);
  });

  it('offers, as they were made; those that are declined go back by name', async () => {
    const gateway = await connect();
    await waitFor(() => control.hasGateway);
    const message: AcceptedMessage = {
      messageId: 'm1',
      sessionId: 's1',
      waMessageId: '3EB0',
      chatJid: '1@s.whatsapp.net',
      request: { type: 'text', text: 'hello' },
      metadata: { a: 1 },
      idempotency: { key: 'k', requestHash: Buffer.from([0, 255]) },
    };
    const misrouted = { ...message, messageId: 'm2', sessionId: 'misrouted' };
    gateway.say({ type: 'offer', messages: [toOffer(message), toOffer(misrouted)] });
    gateway.say({ type: 'withdraw', messages: [{ sessionId: 's1', messageId: 'm1' }] });
    await waitFor(() => withdrawn.length > 0 && ofType(gateway, 'declined').length > 0);
    expect([offered, withdrawn]).toEqual([[message, misrouted], ['m1']]);
    expect(ofType(gateway, 'declined')).toEqual([{ type: 'declined', messageIds: ['m2'] }]);
  });

  it('hints to every gateway in one frame, and the load each second', async () => {
    const both = await Promise.all([connect(), connect()]);
    await waitFor(() => both.every(({ frames }) => frames.length > 0));
    const hints: SessionHint[] = [
      { sessionId: 's1', seq: 1, messages: [{ messageId: 'm1', state: 'SENT' }] },
      { sessionId: 's2', seq: 9, messages: [] },
    ];
    control.publishHints(hints);
    for (const gateway of both) {
      await waitFor(() => ofType(gateway, 'hints').length > 0);
      expect(ofType(gateway, 'hints')).toEqual([{ type: 'hints', hints }]);
      await waitFor(() => ofType(gateway, 'load').length > 0);
      expect(ofType(gateway, 'load')[0]).toEqual({ type: 'load', load: { ...LOAD, sessionCount: 4 } });
    }
  });

  it('a gateway that reads too slowly loses hints instead of filling the memory', async () => {
    const gateway = await connect();
    await waitFor(() => gateway.frames.length > 0);
    gateway.socket.pause();
    const hint: SessionHint = { sessionId: 'x'.repeat(64 * 1024), seq: 1, messages: [] };
    const sent = 1_000;
    for (let index = 0; index < sent; index += 1) control.publishHints([hint]);
    gateway.socket.resume();
    await waitFor(() => ofType(gateway, 'hints').length > 0);
    // What is told later comes behind all hints that were written.
    const loads = ofType(gateway, 'load').length;
    await waitFor(() => ofType(gateway, 'load').length > loads + 1);
    const received = ofType(gateway, 'hints').length;
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThan(sent / 10);
  });
});

describe('the end of a stream', () => {
  it('goodbye reaches every gateway before the stream closes, and those that come afterwards', async () => {
    const gateway = await connect();
    await waitFor(() => control.hasGateway);
    await control.goodbye();
    await waitFor(() => gateway.socket.readyState === WebSocket.CLOSED);
    expect(gateway.frames.at(-1)).toEqual({ type: 'goodbye', incarnation: 7 });
    const late = await connect();
    await waitFor(() => late.socket.readyState === WebSocket.CLOSED);
    expect(late.frames).toEqual([{ type: 'goodbye', incarnation: 7 }]);
    expect(control.hasGateway).toBe(false);
  });

  it('a stream of an earlier incarnation is closed, so that the gateway connects to the present one', async () => {
    const gateway = await connect();
    await waitFor(() => control.hasGateway);
    incarnation = 8;
    await waitFor(() => gateway.socket.readyState === WebSocket.CLOSED);
    expect((await connect()).answer).toEqual({ status: 401, by: 8 });
  });

  it('a gateway that is gone without a word is forgotten', async () => {
    const gateway = await connect();
    await waitFor(() => control.hasGateway);
    gateway.fallSilent();
    await waitFor(() => !control.hasGateway);
  });
});
