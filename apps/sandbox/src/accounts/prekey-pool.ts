/**
 * The one-time prekeys of a companion, packed (3-byte id, 32-byte key): 812 of them per companion would otherwise be 1
 * 624 small objects. Keys are handed out in the order of their upload, each once.
 */
const RECORD = 35;

export interface PublicPreKey {
  id: number;
  publicKey: Buffer;
}

export class PreKeyPool {
  private records: Buffer = Buffer.alloc(0);
  /** Records dropped from the front since the beginning; `taken` counts from the same origin. */
  private base = 0;
  private taken = 0;

  /** The count of keys that are left. */
  get size(): number {
    return this.base + this.records.length / RECORD - this.taken;
  }

  /** The count of keys handed out so far. Stored apart from the keys, because it changes more often. */
  get handedOut(): number {
    return this.taken;
  }

  /**
   * Adds uploaded keys.
   * @returns ids that were uploaded before with another key: two writers are numbering the same pool
   */
  add(keys: PublicPreKey[]): number[] {
    const known = this.index();
    const fresh: PublicPreKey[] = [];
    const clashing: number[] = [];
    for (const key of keys) {
      const before = known.get(key.id);
      if (before === undefined) fresh.push(key);
      else if (!before.equals(key.publicKey)) clashing.push(key.id);
    }
    // Handed-out keys are kept until then, so that a clash with one of them is detected, too.
    const kept =
      this.taken - this.base > 4096 ? this.records.subarray((this.taken - this.base) * RECORD) : this.records;
    if (kept !== this.records) this.base = this.taken;
    const added = Buffer.allocUnsafeSlow(kept.length + fresh.length * RECORD);
    kept.copy(added);
    fresh.forEach(({ id, publicKey }, i) => {
      added.writeUIntBE(id, kept.length + i * RECORD, 3);
      publicKey.copy(added, kept.length + i * RECORD + 3);
    });
    this.records = added;
    return clashing;
  }

  take(): PublicPreKey | null {
    if (this.size === 0) return null;
    const key = this.at(this.taken - this.base);
    this.taken++;
    return key;
  }

  /** The ids that are left, in the order of handing out. */
  ids(): number[] {
    return this.left().map((key) => key.id);
  }

  left(): PublicPreKey[] {
    return Array.from({ length: this.size }, (_, i) => this.at(this.taken - this.base + i));
  }

  /** Drops all but `keep` keys, for tests of a pool that runs low. */
  shrink(keep: number): void {
    if (this.size > keep) this.taken += this.size - keep;
  }

  toBuffer(): Buffer {
    const out = Buffer.allocUnsafe(4 + this.records.length);
    out.writeUInt32BE(this.base, 0);
    this.records.copy(out, 4);
    return out;
  }

  static fromBuffer(stored: Buffer | null, handedOut: number): PreKeyPool {
    const pool = new PreKeyPool();
    if (!stored) return pool;
    pool.base = stored.readUInt32BE(0);
    pool.records = Buffer.from(stored.subarray(4));
    pool.taken = Math.max(handedOut, pool.base);
    return pool;
  }

  private at(position: number): PublicPreKey {
    const start = position * RECORD;
    return {
      id: this.records.readUIntBE(start, 3),
      publicKey: Buffer.from(this.records.subarray(start + 3, start + RECORD)),
    };
  }

  private index(): Map<number, Buffer> {
    const known = new Map<number, Buffer>();
    for (let i = 0; i < this.records.length / RECORD; i++) {
      const { id, publicKey } = this.at(i);
      known.set(id, publicKey);
    }
    return known;
  }
}
