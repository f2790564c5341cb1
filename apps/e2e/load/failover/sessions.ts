import { newNumber } from '../../harness/numbers.ts';
import { registerTenant, type Tenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { pairMany } from '../measure/pair-many.ts';

/** A session with the data that a failover needs. */
export interface Subject {
  sessionId: string;
  /** `<number>:<device>`, the name of its companion in the recorder. */
  device: string;
  apiKey: string;
  friend: string;
}

/** Pairs sessions up to a count, some at a time. */
export class Subjects {
  readonly all: Subject[] = [];
  private readonly system: System;
  private tenant: Tenant | undefined;

  constructor(system: System) {
    this.system = system;
  }

  async grow(count: number): Promise<void> {
    this.tenant ??= await registerTenant(this.system);
    const { tenant } = this;
    const { number: friend } = await this.system.sandbox.createPhone({ number: newNumber(), name: 'Friend' });
    await pairMany(this.system, tenant, count - this.all.length, async ({ sessionId, phone, apiKey }) => {
      const [device] = await this.system.sandbox.devices(phone.number);
      this.all.push({ sessionId, device: `${phone.number}:${device!.id}`, apiKey, friend });
    });
  }
}
