import { newNumber } from '../../harness/numbers.ts';
import { pairSession, registerTenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import type { WebhookChoice } from '../measure/flags.ts';
import { makeInParallel } from '../measure/in-parallel.ts';
import { WebhookEndpoint } from '../measure/webhook-endpoint.ts';
import type { Line } from './writers.ts';

/** Our side: a message has arrived when the customer's endpoint has got it, with a valid signature. */
export class GatewayReceivers {
  readonly lines: Line[] = [];
  private readonly counts: number[] = [];
  private readonly endpoint = new WebhookEndpoint();
  private readonly system: System;
  private readonly webhook: WebhookChoice;

  constructor(system: System, webhook: WebhookChoice) {
    this.system = system;
    this.webhook = webhook;
    this.endpoint.onEvent = (line, { event }) => {
      if (event === 'message.received') this.counts[line]!++;
    };
  }

  get events(): number {
    return this.endpoint.events;
  }

  arrived = (line: number): number => this.counts[line]!;

  async pair(count: number): Promise<void> {
    await this.endpoint.start();
    const tenant = await registerTenant(this.system);
    await makeInParallel(0, count, async (line) => {
      const { sessionId, phone } = await pairSession(this.system, tenant);
      const friend = await this.system.sandbox.createPhone({ number: newNumber(), name: 'Friend' });
      this.counts[line] = 0;
      await this.endpoint.subscribe(tenant, sessionId, line, this.webhook);
      this.lines[line] = { from: friend.number, to: phone.number };
    });
  }

  /** Every message at the endpoint must be a row. */
  async verify(): Promise<string> {
    const { rows } = await this.system.services.pool.query<{ count: number }>(
      `SELECT count(*) AS count FROM messages WHERE direction = 'INBOUND' AND NOT is_stub`,
    );
    const atEndpoint = this.counts.reduce((sum, count) => sum + count, 0);
    const stored = rows[0]!.count;
    const { badSignatures, repeats } = this.endpoint;
    if (stored !== atEndpoint || badSignatures > 0) {
      throw new Error(`${atEndpoint} at the endpoint, ${stored} stored, ${badSignatures} bad signatures`);
    }
    return `${atEndpoint} at the endpoint, each with a valid signature and a row; ${repeats} events came again`;
  }

  close(): Promise<void> {
    return this.endpoint.close();
  }
}
