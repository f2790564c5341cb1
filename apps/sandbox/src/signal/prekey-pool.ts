/**
 * The public one-time prekeys that a companion uploaded, in one buffer: 35 bytes each, instead of two objects. A
 * companion uploads 812 of them, so a thousand idle companions would otherwise hold 1.6 million small buffers.
 * First in, first out, as the real server hands them out.
 */
const ID_LENGTH = 3;
const KEY_LENGTH = 32;
const ENTRY = ID_LENGTH + KEY_LENGTH;

export interface PublicPreKey {
  id: number;
  publicKey: Buffer;
}

export class PreKeyPool {
  #entries = Buffer.alloc(0);

  get count(): number {
    return this.#entries.length / ENTRY;
  }

  /** Adds keys at the end; an id that is there already is replaced. */
  add(keys: readonly PublicPreKey[]): void {
    const added = new Set(keys.map((key) => key.id));
    const kept = this.list().filter((key) => !added.has(key.id));
    const entries = Buffer.alloc((kept.length + keys.length) * ENTRY);
    [...kept, ...keys].forEach((key, position) => {
      if (key.publicKey.length !== KEY_LENGTH) throw new RangeError(`prekey ${key.id} has the wrong length`);
      entries.writeUIntBE(key.id, position * ENTRY, ID_LENGTH);
      key.publicKey.copy(entries, position * ENTRY + ID_LENGTH);
    });
    this.#entries = entries;
  }

  /** Hands out the oldest key; nobody gets it again. */
  take(): PublicPreKey | undefined {
    if (this.#entries.length === 0) return undefined;
    const key = this.#at(0);
    this.#entries = this.#entries.subarray(ENTRY);
    return key;
  }

  clear(): void {
    this.#entries = Buffer.alloc(0);
  }

  list(): PublicPreKey[] {
    return Array.from({ length: this.count }, (_, position) => this.#at(position));
  }

  toJSON(): string {
    return this.#entries.toString('base64');
  }

  static fromJSON(json: string): PreKeyPool {
    const pool = new PreKeyPool();
    pool.#entries = Buffer.from(json, 'base64');
    return pool;
  }

  #at(position: number): PublicPreKey {
    const start = position * ENTRY;
    return {
      id: this.#entries.readUIntBE(start, ID_LENGTH),
      publicKey: Buffer.from(this.#entries.subarray(start + ID_LENGTH, start + ENTRY)),
    };
  }
}
