import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookEvent } from '../harness/webhook-receiver.ts';
import { signatureProblem } from '../harness/webhook-signature.ts';

/** The events that arrived for one session, in little memory, because runs are long. */
interface SessionEvents {
  secret: string;
  seen: Set<number>;
  highestFirstTry: number;
  /** Events about an incoming message, by its id at WhatsApp. */
  received: Map<string, Set<string>>;
  /** Events about the file of one, by the same id. */
  fetched: Map<string, Set<string>>;
}

const ABOUT_MESSAGES: ReadonlySet<string> = new Set(['message.received', 'message.recovered']);
const ABOUT_FILES: ReadonlySet<string> = new Set(['media.ready', 'media.failed']);

/** The webhook endpoint of a customer: deduplicates by event id and never fails. One path per session. */
export class EventLedger {
  /** Requests whose signature was not valid. */
  badSignatures = 0;
  /** First attempts that arrived after the first attempt of a later event. */
  outOfOrder = 0;
  /** Events that arrived again under the same id. */
  repeats = 0;
  private readonly sessions = new Map<string, SessionEvents>();
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => undefined);
      request.on('end', () => {
        const session = this.sessions.get(request.url?.split('/').at(-1) ?? '');
        const body = Buffer.concat(chunks);
        if (!session || signatureProblem(session.secret, request.headers, body)) {
          this.badSignatures++;
          response.writeHead(401).end();
          return;
        }
        this.note(
          session,
          JSON.parse(body.toString('utf8')) as WebhookEvent,
          request.headers['x-webhook-attempt'] === '1',
        );
        response.writeHead(200).end();
      });
    });
    this.server.keepAliveTimeout = 60_000;
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  urlOf(sessionId: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook/${sessionId}`;
  }

  /**
   * Registers the secret of a session. Events may arrive from the moment in which the webhook is set, before the secret
   * is known.
   */
  expect(sessionId: string, secret: string): void {
    this.sessions.set(sessionId, {
      secret,
      seen: new Set(),
      highestFirstTry: 0,
      received: new Map(),
      fetched: new Map(),
    });
  }

  /** The count of different events about this incoming message. */
  timesReceived(sessionId: string, waMessageId: string): number {
    return this.sessions.get(sessionId)?.received.get(waMessageId)?.size ?? 0;
  }

  /** The count of different events about the file of this incoming message. */
  timesFetched(sessionId: string, waMessageId: string): number {
    return this.sessions.get(sessionId)?.fetched.get(waMessageId)?.size ?? 0;
  }

  countReceived(): number {
    let count = 0;
    for (const { received } of this.sessions.values()) count += received.size;
    return count;
  }

  has(sessionId: string, seq: number): boolean {
    return this.sessions.get(sessionId)?.seen.has(seq) ?? false;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private note(session: SessionEvents, event: WebhookEvent, isFirstTry: boolean): void {
    if (session.seen.has(event.seq)) {
      this.repeats++;
      return;
    }
    session.seen.add(event.seq);
    if (isFirstTry) {
      if (event.seq < session.highestFirstTry) this.outOfOrder++;
      session.highestFirstTry = Math.max(session.highestFirstTry, event.seq);
    }
    const counts = ABOUT_MESSAGES.has(event.event)
      ? session.received
      : ABOUT_FILES.has(event.event)
        ? session.fetched
        : null;
    const id = String(event.data.waMessageId);
    counts?.set(id, (counts.get(id) ?? new Set()).add(event.id));
  }
}
