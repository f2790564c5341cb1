import type { SendResult } from '@wa-gate/contracts';
import { waitFor } from '@wa-gate/testkit';
import type { Envelope } from '../../harness/gateway-client.ts';
import { runOpenLoop } from '../measure/open-loop.ts';
import { percentile } from '../measure/statistics.ts';
import type { Sample, Stage } from './stage.ts';

/** Nobody sends for longer. */
const LONGEST_S = 300;
const WRITTEN_WITHIN_MS = 60_000;

interface Accepted {
  messageId: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** Sends of all sessions in turn, at a steady rate, that the API accepts and nobody waits for. */
export class AcceptedSends {
  private readonly stage: Stage;
  private readonly accepted: Accepted[] = [];
  private readonly ending = new AbortController();
  private readonly running: Promise<{ failures: number; firstFailure: string | undefined }>;

  /** @param rate per second, over all sessions */
  constructor(stage: Stage, rate: number) {
    this.stage = stage;
    const options = { rate, seconds: LONGEST_S, signal: this.ending.signal };
    this.running = runOpenLoop(options, (index) => this.send(index));
    // The caller sees it at the end.
    this.running.catch(() => undefined);
  }

  private async send(index: number): Promise<void> {
    const { fleet, subjects } = this.stage;
    const { gateways } = fleet.system;
    const { sessionId, apiKey, friend } = subjects.all[index % subjects.all.length]!;
    const client = fleet.system.gatewayAt(gateways[index % gateways.length]!.url).as(apiKey);
    const json = { to: friend, type: 'text', message: `during a failover ${index}` };
    const call = { method: 'POST' as const, json };
    const { status, body } = await client.call<Envelope<SendResult>>(
      `/api/sessions/${sessionId}/send?wait=queued`,
      call,
    );
    if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`);
    this.accepted.push({ messageId: body.data.messageId, at: Date.now() });
  }

  /** No more sends begin. */
  abort(): void {
    this.ending.abort();
  }

  /**
   * Ends the sends and waits until all of them are written.
   *
   * @returns milliseconds from the answer to a send until WhatsApp's server had its message for the phone
   */
  async end(): Promise<Sample> {
    this.abort();
    const { failures, firstFailure } = await this.running;
    if (failures > 0) console.log(`! ${failures} sends were not accepted, the first with: ${firstFailure}`);
    const { system } = this.stage.fleet;
    const ids = this.accepted.map(({ messageId }) => messageId);
    const named = await waitFor(
      async () => {
        const { rows } = await system.services.pool.query<{ id: string; waMessageId: string }>(
          `SELECT id, wa_message_id AS "waMessageId" FROM messages WHERE id = ANY($1) AND sent_at IS NOT NULL`,
          [ids],
        );
        return rows.length === ids.length && rows;
      },
      { timeoutMs: WRITTEN_WITHIN_MS, everyMs: 100, what: 'all accepted sends to be sent' },
    );
    const names = new Map(named.map(({ id, waMessageId }) => [id, waMessageId]));
    const wire = new Map((await system.sandbox.wireMessages({})).map(({ id, firstAt }) => [id, firstAt]));
    const times = this.accepted.map(({ messageId, at }) => Math.max(0, wire.get(names.get(messageId)!)! - at));
    return {
      'sends accepted (count)': ids.length,
      'sends not accepted (count)': failures,
      'accepted to the phone p50': percentile(times, 0.5),
      'accepted to the phone p99': percentile(times, 0.99),
      'accepted to the phone max': Math.max(...times),
    };
  }
}
