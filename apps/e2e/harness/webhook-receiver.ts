import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { payloadProblems } from '@wa-gate/testkit';
import { waitFor } from './wait-for.ts';
import { signatureProblem } from './webhook-signature.ts';

export interface WebhookEvent {
  id: string;
  event: string;
  sessionId: string;
  seq: number;
  timestamp: number;
  data: Record<string, unknown>;
}

/** One received request, accepted or refused. */
export interface WebhookRequest {
  event: WebhookEvent;
  attempt: string | undefined;
  /** The problem of the signature; null when it is valid. */
  problem: string | null;
  answered: number;
  at: number;
  /** The header `traceparent`. */
  traceparent: string | undefined;
}

/** A sentence for each body that was not as its schema says, of all receivers of this file since the last look. */
const unpromised: string[] = [];
export const takeUnpromisedBodies = (): string[] => unpromised.splice(0);

/** A webhook endpoint that verifies every signature, keeps the order of arrival, and can fail on request. */
export class WebhookReceiver {
  readonly requests: WebhookRequest[] = [];
  /**
   * Sets the secret for the verification. It is known only after the webhook was set. Requests that arrive earlier wait
   * for it.
   */
  readonly know: (secret: string) => void;
  private readonly secret: Promise<string>;
  private readonly server: Server;
  private readonly failures: { matches: (event: WebhookEvent) => boolean; statuses: number[] }[] = [];
  private readonly holds: { matches: (event: WebhookEvent) => boolean; until: Promise<unknown> }[] = [];

  constructor() {
    let resolveSecret: ((secret: string) => void) | undefined;
    this.secret = new Promise((resolve) => {
      resolveSecret = resolve;
    });
    this.know = (secret) => resolveSecret?.(secret);
    this.server = createServer((request, response) => {
      this.receive(request, response).catch((error: Error) => response.destroy(error));
    });
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  /** Answers attempts to deliver such an event with these statuses, and later ones with 200. */
  fail(matches: (event: WebhookEvent) => boolean, ...statuses: number[]): void {
    this.failures.push({ matches, statuses });
  }

  /** Answers attempts to deliver such an event when the promise is settled. */
  hold(matches: (event: WebhookEvent) => boolean, until: Promise<unknown>): void {
    this.holds.push({ matches, until });
  }

  /** The accepted events, in the order of their arrival. */
  get events(): WebhookEvent[] {
    return this.requests.filter((request) => request.answered === 200).map((request) => request.event);
  }

  /** Waits for an accepted event. */
  async waitForEvent(type: string, matches: (event: WebhookEvent) => boolean = () => true): Promise<WebhookEvent> {
    const find = () => this.events.find((event) => event.event === type && matches(event));
    try {
      return await waitFor(find, { what: `the webhook event ${type}` });
    } catch (error) {
      throw new Error(`${(error as Error).message}; came: ${this.describe()}`, { cause: error });
    }
  }

  /** Names of the accepted events about one message, in the order of their arrival. */
  eventsOf(messageId: string): string[] {
    return this.events.filter((event) => event.data.messageId === messageId).map((event) => event.event);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const event = JSON.parse(body.toString('utf8')) as WebhookEvent;
    unpromised.push(...payloadProblems(event));
    const secret = await this.secret;
    const answered = this.failures.find(({ matches }) => matches(event))?.statuses.shift() ?? 200;
    this.requests.push({
      event,
      attempt: header(request, 'x-webhook-attempt'),
      problem: signatureProblem(secret, request.headers, body),
      answered,
      at: performance.now(),
      traceparent: header(request, 'traceparent'),
    });
    await this.holds.find(({ matches }) => matches(event))?.until;
    response.writeHead(answered).end();
  }

  private describe(): string {
    return this.requests.map((request) => `${request.event.event} (${request.answered})`).join(', ') || 'nothing';
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
