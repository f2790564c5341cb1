import { newNumber } from '../../harness/numbers.ts';
import { pairSession, registerTenant, type Tenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';

/** A session as far as a failover concerns it. */
export interface Subject {
  sessionId: string;
  /** `<number>:<device>`, the recorder's name of its companion. */
  device: string;
  apiKey: string;
  friend: string;
}

const AT_ONCE = 6;

/** Pairs sessions until there are so many, some at a time. */
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
    let missing = count - this.all.length;
    const pairNext = async (): Promise<void> => {
      while (missing-- > 0) {
        const { sessionId, phone, apiKey } = await pairSession(this.system, tenant);
        const [device] = await this.system.sandbox.devices(phone.number);
        this.all.push({ sessionId, device: `${phone.number}:${device!.id}`, apiKey, friend });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, pairNext));
  }
}
