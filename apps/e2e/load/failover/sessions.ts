import { newNumber } from '../../harness/numbers.ts';
import { pairSession, registerTenant, type Tenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';

/** A session with the data that a failover needs. */
export interface Subject {
  sessionId: string;
  /** `<number>:<device>`, the name of its companion in the recorder. */
  device: string;
  apiKey: string;
  friend: string;
}

const AT_ONCE = 6;

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
