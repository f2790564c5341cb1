export interface SlotLimits {
  /** Uploads of this process at the same time. */
  total: number;
  /** Of them, uploads of one session. */
  perSession: number;
}

interface Waiting {
  sessionId: string;
  start: () => void;
}

/** Limits how many uploads run at the same time. Those that wait go in the order in which they came. */
export class UploadSlots {
  readonly #limits: SlotLimits;
  readonly #running = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #total = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** @throws what `run` throws, or the reason of the signal when it is aborted before its turn */
  async take<T>(sessionId: string, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    await this.#turn(sessionId, signal);
    try {
      return await run();
    } finally {
      this.#total -= 1;
      this.#count(sessionId, -1);
      this.#next();
    }
  }

  #turn(sessionId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const waiting: Waiting = { sessionId, start: resolve };
      const abandon = () => {
        const index = this.#waiting.indexOf(waiting);
        if (index === -1) return;
        this.#waiting.splice(index, 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abandon, { once: true });
      waiting.start = () => {
        signal.removeEventListener('abort', abandon);
        resolve();
      };
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  #next(): void {
    while (this.#total < this.#limits.total) {
      const index = this.#waiting.findIndex(
        ({ sessionId }) => (this.#running.get(sessionId) ?? 0) < this.#limits.perSession,
      );
      if (index === -1) return;
      const [{ sessionId, start }] = this.#waiting.splice(index, 1) as [Waiting];
      this.#total += 1;
      this.#count(sessionId, 1);
      start();
    }
  }

  #count(sessionId: string, change: number): void {
    const count = (this.#running.get(sessionId) ?? 0) + change;
    if (count > 0) this.#running.set(sessionId, count);
    else this.#running.delete(sessionId);
  }
}
