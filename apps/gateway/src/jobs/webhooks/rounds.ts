/**
 * Gathers items and handles many at a time. One round runs, and what comes meanwhile goes into the next: the busier,
 * the larger the rounds. An item that is added twice before its round is handled once.
 */
export class Rounds<T> {
  readonly #handle: (items: T[]) => Promise<void>;
  readonly #max: number;
  readonly #waiting = new Set<T>();
  #running: Promise<void> | undefined;

  /** @param handle must not reject */
  constructor(handle: (items: T[]) => Promise<void>, max = 200) {
    this.#handle = handle;
    this.#max = max;
  }

  add(item: T): void {
    this.#waiting.add(item);
    this.#running ??= this.#run();
  }

  /** Forgets what waits; resolves when no round runs. */
  async stop(): Promise<void> {
    this.#waiting.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    // What one turn of the event loop adds goes into one round.
    await Promise.resolve();
    try {
      while (this.#waiting.size > 0) {
        const items: T[] = [];
        for (const item of this.#waiting) {
          if (items.length === this.#max) break;
          items.push(item);
          this.#waiting.delete(item);
        }
        await this.#handle(items);
      }
    } finally {
      // In the same turn as the last look at what waits: what is added after it begins anew.
      this.#running = undefined;
    }
  }
}
