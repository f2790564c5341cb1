import type { Broadcast } from '@wa-gate/contracts';
import { newNumber } from '../../harness/numbers.ts';
import { addPhone, type PairedSession, type Tenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { setPacing } from '../broadcast/run-broadcast.ts';
import { makeInParallel } from '../measure/in-parallel.ts';
import { RECEIPTS } from '../measure/receipts.ts';

/** What is open while messages that somebody waits for are measured. */
export const PHASES = ['none', 'one paused, one running'] as const;
export type Phase = (typeof PHASES)[number];

/** Recipients of a broadcast who have a phone: more than it reaches in a phase. */
const REACHED = 24;

/** Broadcasts to people who never wrote, with the gaps that are the default. */
export class Campaigns {
  private readonly system: System;
  private readonly tenant: Tenant;
  private readonly sessions: readonly PairedSession[];
  /** Recipients of each. */
  private readonly size: number;
  private readonly open: string[] = [];
  private running: string | undefined;

  constructor(system: System, tenant: Tenant, sessions: readonly PairedSession[], size: number) {
    this.system = system;
    this.tenant = tenant;
    this.sessions = sessions;
    this.size = size;
  }

  /** Lifts what would stop new numbers after a few first contacts. The gaps stay. */
  async prepare(): Promise<void> {
    const limits = { warmUp: false, firstContactsPerDay: null, firstContactsPerHour: null, riskGuard: null };
    await Promise.all(this.sessions.map(({ sessionId }) => setPacing(this.tenant.api, sessionId, limits)));
  }

  /** Has the broadcasts of a phase, and no others, when this resolves. */
  async enter(phase: Phase): Promise<void> {
    this.running = undefined;
    for (const id of this.open.splice(0)) await this.ask(id, 'cancel');
    if (phase === 'none') return;
    await this.ask(await this.begin(), 'pause');
    this.running = await this.begin();
  }

  /** Messages of the running broadcast that have left; 0: none runs. */
  async sent(): Promise<number> {
    return this.running === undefined ? 0 : (await this.read(this.running)).counts.sent;
  }

  /** Makes and starts one, and waits for its first message. */
  private async begin(): Promise<string> {
    const phones: string[] = [];
    await makeInParallel(0, Math.min(REACHED, this.size), async (index) => {
      const { number } = await addPhone(this.system, `Person ${index}`);
      await this.system.sandbox.updatePhone(number, { receipts: RECEIPTS });
      phones[index] = number;
    });
    const others = Array.from({ length: this.size - phones.length }, () => newNumber());
    const { broadcastId } = await this.tenant.api.data<Broadcast>('/api/broadcast', {
      method: 'POST',
      json: {
        message: 'We open at nine, {{name|friend}}',
        sessionIds: this.sessions.map(({ sessionId }) => sessionId),
        recipients: [...phones, ...others].map((number) => `+${number}`),
        start: true,
      },
    });
    this.open.push(broadcastId);
    await waitFor(async () => (await this.read(broadcastId)).counts.sent > 0, { what: 'the first message' });
    return broadcastId;
  }

  private read(id: string): Promise<Broadcast> {
    return this.tenant.api.data<Broadcast>(`/api/broadcast/${id}`);
  }

  private async ask(id: string, verb: 'pause' | 'cancel'): Promise<void> {
    await this.tenant.api.data(`/api/broadcast/${id}/${verb}`, { method: 'POST' });
  }
}
