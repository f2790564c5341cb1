import type { SendResult } from '@wa-gate/contracts';
import { Agent } from 'undici';
import type { Envelope } from '../../harness/gateway-client.ts';
import { addPhone, pairSession, registerTenant, type Tenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { Awaited } from '../measure/awaited.ts';
import { makeInParallel } from '../measure/in-parallel.ts';
import { type MixOptions, type MixResult, type MixSide, RECEIVED, runMix, SEND, SENT_EVENT } from '../measure/mix.ts';
import { RECEIPTS } from '../measure/receipts.ts';
import { SettledMessages } from '../measure/settled-messages.ts';
import { WebhookEndpoint } from '../measure/webhook-endpoint.ts';

interface Line {
  sessionId: string;
  apiKey: string;
  owner: string;
  friend: string;
}

const COMES_WITHIN_MS = 60_000;
/** A customer opens another connection rather than wait for an answer. */
const CONNECTIONS = 256;

/**
 * Our side: a send is finished when the API has answered `sent` and the webhook has its event, a message that comes
 * when it is at the webhook. The run is over when the webhook has the events of all receipts too.
 */
export class GatewayMix implements MixSide {
  latencies: Record<string, number[]> = {};
  private readonly system: System;
  private readonly endpoint = new WebhookEndpoint();
  private readonly agent = new Agent({ connections: CONNECTIONS, pipelining: 1 });
  private readonly lines: Line[] = [];
  private readonly awaited = new Awaited();
  private readonly settled = new SettledMessages();
  private runs = 0;

  constructor(system: System) {
    this.system = system;
    this.endpoint.onEvent = (_line, event, at) => {
      this.settled.note(event);
      const { messageId, text } = event.data;
      if (event.event === 'message.sent') this.awaited.came(`message.sent of ${messageId}`, at);
      if (event.event === 'message.received') this.awaited.came(`${text}`, at);
    };
  }

  get events(): number {
    return this.endpoint.events;
  }

  get badSignatures(): number {
    return this.endpoint.badSignatures;
  }

  /**
   * @param beforeWebhooks what is done with the linked sessions while none has a webhook
   * @returns the workspace of the sessions
   */
  async pair(count: number, beforeWebhooks?: (sessionIds: readonly string[]) => Promise<void>): Promise<Tenant> {
    await this.endpoint.start();
    const tenant = await registerTenant(this.system);
    await makeInParallel(0, count, async (index) => {
      const { sessionId, apiKey, phone } = await pairSession(this.system, tenant);
      const friend = await addPhone(this.system, 'Friend');
      await this.system.sandbox.updatePhone(friend.number, { receipts: RECEIPTS });
      this.lines[index] = { sessionId, apiKey, owner: phone.number, friend: friend.number };
    });
    await beforeWebhooks?.(this.lines.map(({ sessionId }) => sessionId));
    await makeInParallel(0, count, async (index) => {
      const { sessionId, owner, friend } = this.lines[index]!;
      await this.endpoint.subscribe(tenant, sessionId, index, 'all');
      const hi = this.awaited.for(`hi ${index}`, COMES_WITHIN_MS);
      await this.system.sandbox.sendText(friend, owner, `hi ${index}`);
      await hi;
    });
    return tenant;
  }

  async run(options: MixOptions, signal?: AbortSignal): Promise<MixResult> {
    this.begin();
    return this.settle(await runMix(options, this, signal));
  }

  /**
   * A closed loop: of each session one message after the other in each direction, `each` of them, all sessions at once.
   *
   * @returns also the seconds until the last of them was finished, without the receipts
   */
  async runEach(each: number): Promise<MixResult & { seconds: number }> {
    this.begin();
    const done = { send: 0, receive: 0 };
    let failures = 0;
    let firstFailure: string | undefined;
    const lane = async (direction: keyof typeof done, line: number): Promise<void> => {
      for (let turn = 0; turn < each; turn += 1) {
        try {
          await this[direction](line + turn * this.lines.length, performance.now());
          done[direction] += 1;
        } catch (error) {
          failures += 1;
          firstFailure ??= (error as Error).message;
        }
      }
    };
    const begun = performance.now();
    await Promise.all(this.lines.flatMap((_, line) => [lane('send', line), lane('receive', line)]));
    const seconds = (performance.now() - begun) / 1_000;
    const { latencies } = this;
    const result = { sent: done.send, received: done.receive, failures, firstFailure, latencies };
    return { ...(await this.settle(result)), seconds };
  }

  private begin(): void {
    this.runs++;
    this.latencies = { [SEND]: [], [RECEIVED]: [], [SENT_EVENT]: [] };
  }

  /** Waits for all receipts; messages of which an event is missing have failed. */
  private async settle(result: MixResult): Promise<MixResult> {
    const missing = await this.settled.untilComplete();
    if (!missing) return result;
    const { failures, firstFailure = missing.what } = result;
    return { ...result, failures: failures + missing.messages, firstFailure };
  }

  async send(index: number, plannedAt: number): Promise<void> {
    const { sessionId, apiKey, friend } = this.lines[index % this.lines.length]!;
    const { statusCode, body } = await this.agent.request({
      origin: this.system.process('gateway-1').url,
      method: 'POST',
      path: `/api/sessions/${sessionId}/send?wait=sent&timeoutMs=25000`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ to: friend, type: 'text', message: this.textOf(index) }),
    });
    const answer = (await body.json()) as Envelope<SendResult>;
    const answeredAt = performance.now();
    if (statusCode !== 200 || answer.data.status === 'failed')
      throw new Error(`${statusCode} ${JSON.stringify(answer)}`);
    const { messageId } = answer.data;
    this.settled.expect(messageId);
    this.latencies[SEND]!.push(answeredAt - plannedAt);
    const toldAt = await this.awaited.for(`message.sent of ${messageId}`, COMES_WITHIN_MS);
    this.latencies[SENT_EVENT]!.push(toldAt - plannedAt);
  }

  async receive(index: number, plannedAt: number): Promise<void> {
    const { owner, friend } = this.lines[index % this.lines.length]!;
    const text = this.textOf(index);
    await this.system.sandbox.sendText(friend, owner, text);
    this.latencies[RECEIVED]!.push((await this.awaited.for(text, COMES_WITHIN_MS)) - plannedAt);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
    await this.endpoint.close();
  }

  private textOf(index: number): string {
    return `A message of ordinary length, as people write them. ${this.runs} ${index}`;
  }
}
