import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signatureProblem } from '../../harness/webhook-signature.ts';

/** The members of an event that the cases read. */
export interface Arrived {
  event: string;
  sessionId: string;
  seq: number;
  data: { waMessageId?: string };
}

/** Endpoints of webhooks, told apart by their path: verifies each signature and answers 200 at once. */
export class EventReceiver {
  badSignatures = 0;
  /** Is told each request with a valid signature. */
  onEvent: (path: string, event: Arrived, at: number) => void = () => undefined;
  /** A path that is not answered as long as it is here. */
  readonly silent = new Set<string>();
  private readonly secrets = new Map<string, string>();
  private readonly unanswered: ServerResponse[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const at = performance.now();
        const path = request.url ?? '';
        if (this.silent.has(path)) {
          this.unanswered.push(response);
          return;
        }
        const body = Buffer.concat(chunks);
        if (signatureProblem(this.secrets.get(path) ?? '', request.headers, body)) this.badSignatures++;
        else this.onEvent(path, JSON.parse(body.toString('utf8')) as Arrived, at);
        response.writeHead(200).end();
      });
    });
    this.server.keepAliveTimeout = 60_000;
  }

  async start(port = 0): Promise<this> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  urlOf(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  know(path: string, secret: string): void {
    this.secrets.set(path, secret);
  }

  /** Cuts what was not answered, and answers from now on. */
  answerAgain(path: string): void {
    this.silent.delete(path);
    for (const response of this.unanswered.splice(0)) response.destroy();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
