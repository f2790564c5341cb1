interface Entry<V> {
  value: V;
  /** Monotonic time; absent means it does not expire. */
  expiresAt: number | undefined;
}

/**
 * A least-recently-used map with an optional time to live. An empty one costs nothing, since a worker has thousands. It
 * sets no timers: expired entries are removed when they are read or evicted.
 */
export class BoundedCache<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #max: number;
  readonly #ttlMs: number | undefined;
  readonly #now: () => number;

  constructor(options: { max: number; ttlMs?: number; now?: () => number }) {
    this.#max = options.max;
    this.#ttlMs = options.ttlMs;
    this.#now = options.now ?? (() => performance.now());
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (entry.expiresAt !== undefined && entry.expiresAt <= this.#now()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Like `get() !== undefined`, for caches that hold `undefined` on purpose. */
  has(key: string): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && (entry.expiresAt === undefined || entry.expiresAt > this.#now());
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, expiresAt: this.#ttlMs === undefined ? undefined : this.#now() + this.#ttlMs });
    if (this.#entries.size > this.#max) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
  }

  /** All values that have not expired, the least recently used first. */
  values(): V[] {
    const now = this.#now();
    return [...this.#entries.values()].flatMap(({ value, expiresAt }) =>
      expiresAt !== undefined && expiresAt <= now ? [] : [value],
    );
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
