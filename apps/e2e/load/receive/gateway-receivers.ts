import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newNumber } from '../../harness/numbers.ts';
import { pairSession, registerTenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { signatureProblem } from '../../harness/webhook-signature.ts';
import type { Line } from './writers.ts';

/** Our side: a message has arrived when the customer's endpoint has got it, with a valid signature. */
export class GatewayReceivers {
  readonly lines: Line[] = [];
  badSignatures = 0;
  private readonly seen: Set<number>[] = [];
  private readonly secrets: string[] = [];
  private readonly server: Server;
  private readonly system: System;

  constructor(system: System) {
    this.system = system;
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const line = Number(request.url?.split('/').at(-1));
        const body = Buffer.concat(chunks);
        if (signatureProblem(this.secrets[line] ?? '', request.headers, body)) this.badSignatures++;
        else this.seen[line]?.add((JSON.parse(body.toString('utf8')) as { seq: number }).seq);
        response.writeHead(200).end();
      });
    });
    this.server.keepAliveTimeout = 60_000;
  }

  arrived = (line: number): number => this.seen[line]!.size;

  async pair(count: number): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const { port } = this.server.address() as AddressInfo;
    const tenant = await registerTenant(this.system);
    while (this.lines.length < count) {
      const line = this.lines.length;
      const { sessionId, phone } = await pairSession(this.system, tenant);
      const friend = await this.system.sandbox.createPhone({ number: newNumber(), name: 'Friend' });
      const webhook = { url: `http://127.0.0.1:${port}/${line}`, events: ['message.received'] };
      this.secrets.push((await tenant.api.setWebhook(sessionId, webhook)).secret);
      this.seen.push(new Set());
      this.lines.push({ from: friend.number, to: phone.number });
    }
  }

  /** Every message at the endpoint must be a row. */
  async verify(): Promise<string> {
    const { rows } = await this.system.services.pool.query<{ count: number }>(
      `SELECT count(*) AS count FROM messages WHERE direction = 'INBOUND' AND NOT is_stub`,
    );
    const atEndpoint = this.seen.reduce((sum, { size }) => sum + size, 0);
    const stored = rows[0]!.count;
    if (stored !== atEndpoint || this.badSignatures > 0) {
      throw new Error(`${atEndpoint} at the endpoint, ${stored} stored, ${this.badSignatures} bad signatures`);
    }
    return `${atEndpoint} at the endpoint, each with a valid signature and a row`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
