import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SendResult } from '@wa-gate/contracts';
import type { Envelope } from '../../harness/gateway-client.ts';
import { addPhone, pairSession, registerTenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { Awaited } from '../measure/awaited.ts';
import { makeInParallel } from '../measure/in-parallel.ts';
import { WebhookEndpoint } from '../measure/webhook-endpoint.ts';
import type { Flow } from './options.ts';
import type { RecordedProcess } from './points.ts';
import { now } from './recorder.ts';

interface Line {
  sessionId: string;
  api: { call: System['gateway']['call'] };
  owner: string;
  friend: string;
}

/** From the request of the client to the event at the webhook. */
export interface Traced {
  from: number;
  to: number;
}

const COMES_WITHIN_MS = 15_000;
const WRITTEN_WITHIN_MS = 30_000;

/** Sessions that answer no message by themselves, so that nothing happens but what is traced. */
export class TraceStage {
  private readonly system: System;
  private readonly endpoint = new WebhookEndpoint();
  private readonly awaited = new Awaited();
  private readonly lines: Line[] = [];
  private count = 0;

  constructor(system: System) {
    this.system = system;
    this.endpoint.onEvent = (_line, { event, data }) => {
      this.awaited.came(event === 'message.received' ? `${data.text}` : `${event} of ${data.messageId}`, now());
    };
  }

  async pair(count: number): Promise<void> {
    await this.endpoint.start();
    const tenant = await registerTenant(this.system);
    await makeInParallel(0, count, async (index) => {
      const { sessionId, api, phone } = await pairSession(this.system, tenant);
      const friend = await addPhone(this.system, 'Friend');
      await this.system.sandbox.updatePhone(friend.number, { receipts: 'off' });
      await this.endpoint.subscribe(tenant, sessionId, index, 'all');
      this.lines[index] = { sessionId, api, owner: phone.number, friend: friend.number };
    });
  }

  /** One message of a flow; resolves when its event is at the webhook. */
  async trace(flow: Flow): Promise<Traced> {
    const line = this.lines[this.count++ % this.lines.length]!;
    if (flow === 'receive') {
      const text = `A message of ordinary length, as people write them. ${this.count}`;
      const from = now();
      await this.system.sandbox.sendText(line.friend, line.owner, text);
      return { from, to: await this.awaited.for(text, COMES_WITHIN_MS) };
    }
    const sent = await this.send(line);
    if (flow === 'send') return sent;
    // Written down by the sandbox's control API: the phone tells that it has the message.
    await sleep(100);
    const from = now();
    await this.system.sandbox.sendReceipt(line.friend, [sent.waMessageId], 'delivered');
    return { from, to: await this.awaited.for(`message.delivered of ${sent.messageId}`, COMES_WITHIN_MS) };
  }

  async close(): Promise<void> {
    await this.endpoint.close();
  }

  private async send({ api, sessionId, friend }: Line): Promise<Traced & { messageId: string; waMessageId: string }> {
    const json = {
      to: friend,
      type: 'text',
      message: `A message of ordinary length, as people write them. ${this.count}`,
    };
    const path = `/api/sessions/${sessionId}/send?wait=sent&timeoutMs=25000`;
    const from = now();
    const { status, body } = await api.call<Envelope<SendResult>>(path, { method: 'POST', json });
    if (status !== 200) throw new Error(`A send was answered ${status} ${JSON.stringify(body)}`);
    const { messageId } = body.data;
    const to = await this.awaited.for(`message.sent of ${messageId}`, COMES_WITHIN_MS);
    return { from, to, messageId, waMessageId: body.data.waMessageId! };
  }
}

export interface Recording extends RecordedProcess {
  name: string;
}

/** Begins the recording of these processes, or ends it. */
export function toggle(system: System): void {
  for (const { pid } of system.processes) process.kill(pid, 'SIGWINCH');
}

/** What the processes have written at the end of their recording. */
export async function collect(system: System, folder: string): Promise<Recording[]> {
  return await Promise.all(
    system.processes.map(async ({ name, pid }) => {
      const app = name.replace(/-\d+$/, '');
      const file = join(folder, `${app}-${pid}.json`);
      const deadline = performance.now() + WRITTEN_WITHIN_MS;
      while (!existsSync(file)) {
        if (performance.now() > deadline) throw new Error(`${name} has not written its recording to ${file}`);
        await sleep(20);
      }
      return { name, ...(JSON.parse(await readFile(file, 'utf8')) as RecordedProcess) };
    }),
  );
}
