/** A lock per key: one holder at a time, in the order of the calls. Unused keys cost no memory. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Whether `key` is held now. */
  isTaken(key: string): boolean {
    return this.#tails.has(key);
  }

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const mine = before ? before.then(work, work) : work();
    const tail = mine.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(key, tail);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }

  /** Runs `work` while it holds all keys. They are taken in sorted order, so that two callers cannot deadlock. */
  runAll<T>(keys: Iterable<string>, work: () => Promise<T>): Promise<T> {
    const sorted = [...new Set(keys)].sort();
    return sorted.reduceRight((inner, key) => () => this.run(key, inner), work)();
  }
}
