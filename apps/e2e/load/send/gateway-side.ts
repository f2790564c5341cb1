import { waitFor } from '@wa-gate/testkit';
import pg from 'pg';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { type LoopOptions, type LoopResult, runClosedLoop } from '../measure/closed-loop.ts';
import { RECEIPTS } from '../measure/receipts.ts';

interface Line {
  session: PairedSession;
  friend: string;
}

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
      this.lines.push({ session, friend: friend.number });
    }
  }

  async run(loop: LoopOptions): Promise<LoopResult> {
    const result = await runClosedLoop(loop, async (client, index) => {
      const { session, friend } = this.lines[client]!;
      const body = { to: friend, type: 'text', message: `ours ${index}` };
      const answer = await session.api.send(session.sessionId, body, { wait: 'sent' });
      if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
      this.acknowledged++;
    });
    return result;
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
}
