import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  internalToken,
  NO_INCARNATION,
  PROOF_HEADERS,
  proofHeaders,
  tokensEqual,
  type WorkerClaim,
} from '@wa-gate/kit';
import type { GatewayFrame, WorkerFrame } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import Fastify, { type RouteHandlerMethod } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';

/** A request that came to the stand-in. */
export interface SeenCall {
  method: string;
  url: string;
  body: unknown;
  authorization: string | undefined;
  epoch: string | undefined;
  requestId: string | undefined;
  /** All names, to see what else went with it. */
  headers: string[];
}

interface StandInAnswer {
  status?: number;
  body?: unknown;
  stream?: string;
  breaks?: 'before the answer' | 'in the answer';
  /** No other request comes over the same connection. */
  isLast?: boolean;
}

/** What stands in for a worker's internal API: it answers as it is told and remembers what it was asked. */
export interface WorkerStandIn {
  endpoint: string;
  calls: SeenCall[];
  /** What came over the control streams. */
  frames: GatewayFrame[];
  /** Attempts to open a control stream. */
  attempts: number;
  /** Control streams that are open. */
  streams: ReadonlySet<WebSocket>;
  /** Resolves when there is a control stream that is open at its other end too. */
  isHeard(): Promise<void>;
  /** Whom it proves to be from now on; `null`: it proves nothing. Streams that are open stay so. */
  be(claim: Partial<WorkerClaim> | null): void;
  /**
   * What it answers to calls of sessions, and to operations, from now on. `stream`: as server-sent events, which do not
   * end. `breaks`: it cuts the connection once it has the whole request, before the answer or in the middle of it.
   */
  answer(next: StandInAnswer): void;
  /** From now on every other call of a session is answered as a route that does not exist. */
  knowOnly(method: string, url: string): void;
  /** Streams of events that are open. */
  openAnswers: number;
  /** Over all control streams. */
  say(frame: WorkerFrame): void;
  /** Closes the control streams. */
  hangUp(): void;
  close(): Promise<void>;
}

export async function startWorkerStandIn(masterKey: Uint8Array, workerId: string): Promise<WorkerStandIn> {
  const calls: SeenCall[] = [];
  const frames: GatewayFrame[] = [];
  let attempts = 0;
  let openAnswers = 0;
  let claim: WorkerClaim | null = { workerId, incarnation: NO_INCARNATION };
  let answer: StandInAnswer = {};
  let known: string | undefined;
  const app = Fastify({ forceCloseConnections: true });

  const proofFor = ({ headers }: IncomingMessage): Record<string, string> =>
    claim ? proofHeaders(masterKey, claim, headers[PROOF_HEADERS.nonce]) : {};
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(proofFor(request.raw));
  });
  app.get('/health', async () => ({ status: 'healthy', workerId: claim?.workerId ?? workerId }));
  const asked: RouteHandlerMethod = async (request, reply) => {
    const { authorization, 'x-session-epoch': epoch, 'x-request-id': requestId } = request.headers;
    calls.push({
      method: request.method,
      url: request.url,
      body: request.body,
      authorization,
      epoch: epoch as string | undefined,
      requestId: requestId as string | undefined,
      headers: Object.keys(request.headers).sort(),
    });
    if (known !== undefined && known !== `${request.method} ${request.url}`) {
      return reply.code(404).send({ code: 'ROUTE_NOT_FOUND' });
    }
    if (answer.breaks) {
      reply.hijack();
      if (answer.breaks === 'in the answer') {
        reply.raw.writeHead(200, {
          'content-type': 'application/json',
          'content-length': 100,
          ...proofFor(request.raw),
        });
        await new Promise((resolve) => reply.raw.write('{', resolve));
      }
      request.raw.socket.destroy();
      return reply;
    }
    if (answer.stream !== undefined) {
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream', ...proofFor(request.raw) });
      reply.raw.write(answer.stream);
      openAnswers += 1;
      reply.raw.once('close', () => {
        openAnswers -= 1;
      });
      return reply;
    }
    if (answer.isLast) reply.header('connection', 'close');
    return reply.code(answer.status ?? 200).send(answer.body ?? {});
  };
  app.all('/session/*', asked);
  app.all('/operations/*', asked);

  const control = new WebSocketServer({ noServer: true });
  control.on('headers', (lines, request) => {
    for (const [name, value] of Object.entries(proofFor(request))) lines.push(`${name}: ${value}`);
  });
  app.server.on('upgrade', (request, socket, head) => {
    attempts += 1;
    // Node has taken its own listener off the socket; a gateway that is refused resets the connection.
    socket.on('error', () => undefined);
    const [, given = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (claim && !tokensEqual(given, internalToken(masterKey, claim.workerId, claim.incarnation))) {
      const lines = Object.entries(proofFor(request)).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 401 Unauthorized\r\n${lines.join('')}connection: close\r\n\r\n`);
      return;
    }
    control.handleUpgrade(request, socket, head, (stream) => {
      stream.on('message', (data) => frames.push(JSON.parse((data as Buffer).toString()) as GatewayFrame));
      stream.on('error', () => undefined); // faults are what this is for
    });
  });

  await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    endpoint: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    calls,
    frames,
    get attempts() {
      return attempts;
    },
    streams: control.clients,
    async isHeard() {
      const [stream] = await waitFor(() => control.clients.size > 0 && [...control.clients]);
      const answered = once(stream!, 'pong');
      stream!.ping();
      await answered;
    },
    get openAnswers() {
      return openAnswers;
    },
    be(next) {
      claim = next && { workerId, incarnation: NO_INCARNATION, ...next };
    },
    answer(next) {
      answer = next;
    },
    knowOnly(method, url) {
      known = `${method} ${url}`;
    },
    say(frame) {
      for (const stream of control.clients) stream.send(JSON.stringify(frame));
    },
    hangUp() {
      for (const stream of control.clients) stream.terminate();
    },
    async close() {
      for (const stream of control.clients) stream.terminate();
      await app.close();
    },
  };
}
