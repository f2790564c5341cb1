import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { freePort } from '@wa-gate/testkit';
import { signatureProblem } from './webhook-signature.ts';

/**
 * What a receiver does with a request. `away`: nobody listens. `reset`: cuts the connection. `garbage`: answers what
 * is no HTTP. `hang`: does not answer. `huge`: takes the event, and answers with 20 MB. `slow`: takes it after 20 ms.
 */
export type Mood =
  | 'takes'
  | 'away'
  | 'reset'
  | 'garbage'
  | 'hang'
  | 'huge'
  | 'slow'
  | 302
  | 401
  | 410
  | 429
  | 500
  | 503;

export interface TakenEvent {
  id: string;
  seq: number;
  at: number;
  /** What the message says. */
  text: string;
  isReplay: boolean;
}

const PATH = '/hook';
const HUGE_BLOCKS = 20;
const BLOCK = Buffer.alloc(1 << 20, 'x');

/** A webhook receiver whose mood changes. It verifies the signature of what it takes. */
export class MoodyReceiver {
  mood: Mood = 'takes';
  /** All that it has taken, copies included. */
  readonly taken: TakenEvent[] = [];
  /** What is wrong with the requests that came. */
  readonly problems: string[] = [];
  /** Requests, whatever became of them. */
  requests = 0;
  /** Where it is. */
  readonly url: string;
  secret = '';
  #server: Server | undefined;
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}${PATH}`;
  }

  static async start(): Promise<MoodyReceiver> {
    const receiver = new MoodyReceiver(await freePort());
    await receiver.#listen();
    return receiver;
  }

  /** Changes its mood; when this resolves, it listens or does not. */
  async become(mood: Mood): Promise<void> {
    this.mood = mood;
    if (mood === 'away') await this.close();
    else await this.#listen();
  }

  /** Events in the order in which they were taken for the first time. */
  get firsts(): number[] {
    return [...new Set(this.taken.map(({ seq }) => seq))];
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  async #listen(): Promise<void> {
    if (this.#server) return;
    this.#server = createServer((request, response) => {
      this.#receive(request, response).catch((error: Error) => response.destroy(error));
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.requests += 1;
    const { mood } = this;
    if (request.url !== PATH) this.problems.push(`a request for ${request.url}, where a redirect leads`);
    if (mood === 'reset') request.socket.resetAndDestroy();
    else if (mood === 'garbage') request.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    else if (mood === 302) response.writeHead(302, { location: '/elsewhere' }).end();
    else if (mood === 429) response.writeHead(429, { 'retry-after': '1' }).end('later');
    else if (typeof mood === 'number') response.writeHead(mood).end('not now');
    else if (mood !== 'hang' && mood !== 'away') await this.#take(request, Buffer.concat(chunks), response, mood);
  }

  async #take(request: IncomingMessage, body: Buffer, response: ServerResponse, mood: Mood): Promise<void> {
    const problem = signatureProblem(this.secret, request.headers, body);
    if (problem) this.problems.push(problem);
    const { id, seq, data } = JSON.parse(body.toString()) as { id: string; seq: number; data: { text?: string } };
    if (request.headers['webhook-id'] !== id)
      this.problems.push(`the header says ${String(request.headers['webhook-id'])}, not ${id}`);
    const isReplay = request.headers['x-webhook-replay'] === 'true';
    if (mood === 'slow') await new Promise((resolve) => setTimeout(resolve, 20));
    this.taken.push({ id, seq, at: performance.now(), text: data.text ?? '', isReplay });
    if (mood !== 'huge') {
      response.writeHead(200).end();
      return;
    }
    response.writeHead(200);
    for (let sent = 0; sent < HUGE_BLOCKS && !response.destroyed; sent += 1) {
      if (!response.write(BLOCK)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end();
  }
}
