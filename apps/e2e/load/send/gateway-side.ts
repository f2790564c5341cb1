import { setTimeout as sleep } from 'node:timers/promises';
import type { SendResult } from '@wa-gate/contracts';
import { waitFor } from '@wa-gate/testkit';
import { Client, type Dispatcher } from 'undici';
import type { Envelope } from '../../harness/gateway-client.ts';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { type LoopOptions, type LoopResult, runClosedLoop } from '../measure/closed-loop.ts';
import { NOT_COUNTED } from '../measure/database-work.ts';
import type { WebhookChoice } from '../measure/flags.ts';
import { makeInParallel } from '../measure/in-parallel.ts';
import { RECEIPTS } from '../measure/receipts.ts';
import { type Missing, SettledMessages } from '../measure/settled-messages.ts';
import { WebhookEndpoint } from '../measure/webhook-endpoint.ts';

/** One customer: a connection of its own, and the request that it sends again and again. */
interface Line {
  client: Client;
  request: Dispatcher.RequestOptions;
}

const ANSWER_MS = 30_000;
const SILENCE_MS = 15_000;
/** Rare, because asking is work of the database that is measured. */
const LOOK_EVERY_MS = 200;

/** Our side: customers with one session each, who send over HTTP and wait for the ack of WhatsApp's server. */
export class GatewaySide {
  private readonly system: System;
  private readonly webhook: WebhookChoice;
  private readonly endpoint = new WebhookEndpoint();
  private readonly settled = new SettledMessages();
  private readonly lines: Line[] = [];
  /** Of each line, in their order. */
  readonly sessions: PairedSession[] = [];
  private tenant: Tenant | undefined;
  private acknowledged = 0;
  /** Messages whose receipts did not come in earlier runs. */
  private unread = 0;

  constructor(system: System, webhook: WebhookChoice) {
    this.system = system;
    this.webhook = webhook;
    this.endpoint.onEvent = (_line, event) => this.settled.note(event);
  }

  get events(): number {
    return this.endpoint.events;
  }

  /** The workspace of the customers, once there are some. */
  get owner(): Tenant | undefined {
    return this.tenant;
  }

  async pair(count: number): Promise<void> {
    if (!this.tenant) {
      await this.endpoint.start();
      this.tenant = await registerTenant(this.system);
    }
    const { tenant } = this;
    await makeInParallel(this.lines.length, count, async (index) => {
      const session = await pairSession(this.system, tenant);
      const friend = await addPhone(this.system, 'Friend');
      await this.system.sandbox.updatePhone(friend.number, { receipts: RECEIPTS });
      await this.system.sandbox.sendText(friend.number, session.phone.number, 'hi');
      await waitFor(async () => (await session.api.messages(session.sessionId)).some(({ text }) => text === 'hi'));
      await this.endpoint.subscribe(tenant, session.sessionId, index, this.webhook);
      this.lines[index] = this.createLine(session, friend.number);
      this.sessions[index] = session;
    });
  }

  /** Ends when every message has its receipts, and the webhook its events: what they cost is part of the run. */
  async run(loop: LoopOptions): Promise<LoopResult> {
    const result = await runClosedLoop(loop, (customer) => this.send(customer));
    const missing = await this.settle();
    if (!missing) return result;
    const { failures, firstFailure = missing.what } = result;
    return { ...result, failures: failures + missing.messages, firstFailure };
  }

  /**
   * Sends one message of a customer.
   *
   * @throws {Error} when WhatsApp's server has not acknowledged it
   */
  async send(customer: number): Promise<void> {
    const { client, request } = this.lines[customer]!;
    const { statusCode, body } = await client.request(request);
    const answer = (await body.json()) as Envelope<SendResult>;
    if (statusCode !== 200 || answer.data.status === 'failed')
      throw new Error(`${statusCode} ${JSON.stringify(answer)}`);
    this.acknowledged++;
    if (this.webhook === 'all') this.settled.expect(answer.data.messageId);
  }

  /** Resolves when every message has its receipts, and the webhook its events; with those that stay without. */
  settle(): Promise<Missing | null> {
    return this.webhook === 'all' ? this.settled.untilComplete() : this.untilRead();
  }

  async close(): Promise<void> {
    await Promise.all(this.lines.map(({ client }) => client.close()));
    if (this.tenant) await this.endpoint.close();
  }

  /** Every answer "sent" must be a row that says so, and nothing may be left over. */
  async verify(): Promise<string> {
    const { rows } = await this.system.services.pool.query<{ sent: number; open: number }>(
      `SELECT count(*) FILTER (WHERE state IN ('SENT', 'DELIVERED', 'READ', 'PLAYED')) AS sent,
        count(*) FILTER (WHERE state IN ('QUEUED', 'FAILED')) AS open FROM messages WHERE direction = 'OUTBOUND'`,
    );
    const { sent, open } = rows[0]!;
    const { badSignatures, repeats, events } = this.endpoint;
    if (sent < this.acknowledged || open > 0 || badSignatures > 0) {
      throw new Error(
        `${this.acknowledged} were acknowledged, ${sent} rows say sent, ${open} are open or failed, ${badSignatures} bad signatures`,
      );
    }
    return `${this.acknowledged} acknowledged by the API, ${sent} rows say sent, ${open} open or failed; ${events} events at the webhooks, ${repeats} of them again`;
  }

  private async untilRead(): Promise<Missing | null> {
    let least = Number.POSITIVE_INFINITY;
    for (let since = performance.now(); ; ) {
      const { rows } = await this.system.services.pool.query<{ count: number }>(
        `SELECT ${NOT_COUNTED} count(*) AS count FROM messages WHERE direction = 'OUTBOUND' AND state NOT IN ('READ', 'FAILED')`,
      );
      const messages = rows[0]!.count - this.unread;
      if (messages < least) since = performance.now();
      least = Math.min(least, messages);
      if (messages === 0) return null;
      if (performance.now() - since > SILENCE_MS) {
        this.unread += messages;
        return { messages, what: `receipts of ${messages} messages did not come` };
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  private createLine({ sessionId, apiKey }: PairedSession, to: string): Line {
    const client = new Client(this.system.process('gateway-1').url, {
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
    });
    const request: Dispatcher.RequestOptions = {
      method: 'POST',
      path: `/api/sessions/${sessionId}/send?wait=sent`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ to, type: 'text', message: 'A message of ordinary length, as people write them.' }),
    };
    return { client, request };
  }
}
