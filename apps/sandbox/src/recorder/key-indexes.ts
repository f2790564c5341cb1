import { BoundedMap } from './bounded-map.ts';

/** One ratchet: a chain of message keys from a device to a peer, numbered by a counter. */
interface Chain {
  device: string;
  peer: string;
  ratchet: string;
  /** Counter of slots[0]. */
  base: number;
  /** Fingerprint of the ciphertext seen at each counter; 0 means not seen. */
  slots: Uint32Array;
  used: number;
}

export interface KeyUse {
  /** `<number>:<device>` of the sender. */
  device: string;
  /** `<number>:<device>` of the receiver, or the group. */
  peer: string;
  ratchet: string;
  counter: number;
  fingerprint: number;
  messageId: string;
}

/** A message key seen on two ciphertexts that differ: the sender used it for two plaintexts or lost its state. */
export interface KeyReuse extends Omit<KeyUse, 'fingerprint'> {
  at: number;
  /** True when the very same ciphertext came again (a harmless retransmission). */
  sameCiphertext: boolean;
}

interface RatchetSummary {
  device: string;
  peer: string;
  ratchet: string;
  first: number;
  last: number;
  used: number;
}

/**
 * The used message-key indexes, per ratchet. A counter costs four bytes, so that a long load run fits. Above the
 * maximum of ratchets the oldest is dropped and counted.
 */
export class KeyIndexes {
  private readonly chains: BoundedMap<string, Chain>;
  private indexes = 0;

  constructor(maxRatchets: number) {
    this.chains = new BoundedMap(maxRatchets);
  }

  /** @returns null for a fresh index, else how it was used before */
  note(use: KeyUse): 'reused' | 'repeated' | null {
    const key = `${use.device} ${use.peer} ${use.ratchet}`;
    let chain = this.chains.get(key);
    if (!chain) {
      chain = {
        device: use.device,
        peer: use.peer,
        ratchet: use.ratchet,
        base: use.counter,
        slots: new Uint32Array(4),
        used: 0,
      };
      this.chains.set(key, chain);
    }
    const slot = this.reach(chain, use.counter);
    const mark = use.fingerprint || 1;
    const before = chain.slots[slot]!;
    if (before === 0) {
      chain.slots[slot] = mark;
      chain.used++;
      this.indexes++;
      return null;
    }
    return before === mark ? 'repeated' : 'reused';
  }

  get stats(): { ratchets: number; indexes: number; ratchetsForgotten: number } {
    return { ratchets: this.chains.size, indexes: this.indexes, ratchetsForgotten: this.chains.dropped };
  }

  *ratchets(): IterableIterator<RatchetSummary> {
    for (const { device, peer, ratchet, base, slots, used } of this.chains.values()) {
      let last = slots.length - 1;
      while (last > 0 && slots[last] === 0) last--;
      yield { device, peer, ratchet, first: base, last: base + last, used };
    }
  }

  clear(): void {
    this.chains.clear();
    this.indexes = 0;
  }

  /** Makes room for a counter on either side and returns its slot. */
  private reach(chain: Chain, counter: number): number {
    if (counter < chain.base) {
      const shift = chain.base - counter;
      const wider = new Uint32Array(chain.slots.length + shift);
      wider.set(chain.slots, shift);
      chain.slots = wider;
      chain.base = counter;
      return 0;
    }
    const slot = counter - chain.base;
    if (slot >= chain.slots.length) {
      const longer = new Uint32Array(Math.max(slot + 1, chain.slots.length * 2));
      longer.set(chain.slots);
      chain.slots = longer;
    }
    return slot;
  }
}
