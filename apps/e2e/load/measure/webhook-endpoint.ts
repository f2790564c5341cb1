import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Tenant } from '../../harness/pair-session.ts';
import { signatureProblem } from '../../harness/webhook-signature.ts';
import { EVENTS_OF, type WebhookChoice } from './flags.ts';

/** The members of an event that load programs read. */
export interface ReceivedEvent {
  event: string;
  seq: number;
  data: { messageId?: string; text?: string };
}

/**
 * The customers' webhook endpoint of a load program: verifies every signature, answers 200, and counts each event of a
 * session once. Sessions are told apart by their number, which is the path.
 */
export class WebhookEndpoint {
  /** Distinct events that came with a valid signature. */
  events = 0;
  badSignatures = 0;
  /** Events that came again: a delivery whose answer was lost may be repeated. */
  repeats = 0;
  /** Is told each distinct event, at the time by `performance.now()`. */
  onEvent: (line: number, event: ReceivedEvent, at: number) => void = () => undefined;
  private readonly seen: Set<number>[] = [];
  private readonly secrets: string[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const at = performance.now();
        const line = Number(request.url?.split('/').at(-1));
        const body = Buffer.concat(chunks);
        if (signatureProblem(this.secrets[line] ?? '', request.headers, body)) this.badSignatures++;
        else this.take(line, JSON.parse(body.toString('utf8')) as ReceivedEvent, at);
        // Without `writeHead` the answer has a length and no chunks.
        response.end();
      });
    });
    this.server.keepAliveTimeout = 60_000;
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  /** Sets the webhook of a session to the path of a line, unless it is to have none. */
  async subscribe(tenant: Tenant, sessionId: string, line: number, choice: WebhookChoice): Promise<void> {
    this.seen[line] = new Set();
    if (choice === 'none') return;
    const { port } = this.server.address() as AddressInfo;
    const webhook = { url: `http://127.0.0.1:${port}/${line}`, events: [...EVENTS_OF[choice]] };
    this.secrets[line] = (await tenant.api.setWebhook(sessionId, webhook)).secret;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(line: number, event: ReceivedEvent, at: number): void {
    const seen = this.seen[line];
    if (!seen || seen.has(event.seq)) {
      this.repeats++;
      return;
    }
    seen.add(event.seq);
    this.events++;
    this.onEvent(line, event, at);
  }
}
