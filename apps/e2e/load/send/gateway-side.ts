import type { SendResult } from '@wa-gate/contracts';
import { waitFor } from '@wa-gate/testkit';
import pg from 'pg';
import { Client, type Dispatcher } from 'undici';
import type { Envelope } from '../../harness/gateway-client.ts';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { type LoopOptions, type LoopResult, runClosedLoop } from '../measure/closed-loop.ts';
import { RECEIPTS } from '../measure/receipts.ts';

/** One customer: a connection of its own, and the request that it sends again and again. */
interface Line {
  client: Client;
  request: Dispatcher.RequestOptions;
}

const ANSWER_MS = 30_000;

/** Our side: customers with one session each, who send over HTTP and wait for the ack of WhatsApp's server. */
export class GatewaySide {
  private readonly system: System;
  private readonly lines: Line[] = [];
  private tenant: Tenant | undefined;
  private acknowledged = 0;

  constructor(system: System) {
    this.system = system;
  }

  async pair(count: number): Promise<void> {
    this.tenant ??= await registerTenant(this.system);
    while (this.lines.length < count) {
      const session = await pairSession(this.system, this.tenant);
      const friend = await addPhone(this.system, 'Friend');
      await this.system.sandbox.updatePhone(friend.number, { receipts: RECEIPTS });
      await this.system.sandbox.sendText(friend.number, session.phone.number, 'hi');
      await waitFor(async () => (await session.api.messages(session.sessionId)).some(({ text }) => text === 'hi'));
      this.lines.push(this.createLine(session, friend.number));
    }
  }

  async run(loop: LoopOptions): Promise<LoopResult> {
    return runClosedLoop(loop, async (customer) => {
      const { client, request } = this.lines[customer]!;
      const { statusCode, body } = await client.request(request);
      const answer = (await body.json()) as Envelope<SendResult>;
      if (statusCode !== 200 || answer.data.status === 'failed')
        throw new Error(`${statusCode} ${JSON.stringify(answer)}`);
      this.acknowledged++;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.lines.map(({ client }) => client.close()));
  }

  /** Every answer "sent" must be a row that says so, and nothing may be left over. */
  async verify(): Promise<string> {
    const client = new pg.Client({ connectionString: this.system.services.databaseUrl });
    await client.connect();
    try {
      const count = () =>
        client.query<{ sent: string; open: string }>(
          `SELECT count(*) FILTER (WHERE state IN ('SENT', 'DELIVERED', 'READ', 'PLAYED')) AS sent,
            count(*) FILTER (WHERE state IN ('QUEUED', 'FAILED')) AS open FROM messages WHERE direction = 'OUTBOUND'`,
        );
      const { sent, open } = (await count()).rows[0]!;
      if (Number(sent) < this.acknowledged || Number(open) > 0) {
        throw new Error(`${this.acknowledged} were acknowledged, ${sent} rows say sent, ${open} are open or failed`);
      }
      return `${this.acknowledged} acknowledged by the API, ${sent} rows say sent, ${open} open or failed`;
    } finally {
      await client.end();
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
