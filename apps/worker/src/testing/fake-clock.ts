import type { Clock } from '@wa-gate/kit';

interface Sleeper {
  at: number;
  wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now = 0;
  #wallOffset = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now + this.#wallOffset;
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const abort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Advances the time; each timer fires at its time. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#earliest(end); next; next = this.#earliest(end)) {
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      await settle();
    }
    this.#now = end;
  }

  /** Advances the time without firing timers, as for a process that was paused. `advance(0)` fires them. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Sets the wall clock; no monotonic time passes. */
  setWall(byMs: number): void {
    this.#wallOffset += byMs;
  }

  #earliest(until: number): Sleeper | undefined {
    let earliest: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.at <= until && (!earliest || sleeper.at < earliest.at)) earliest = sleeper;
    }
    return earliest;
  }
}

/** Runs all promises that are ready, and those that they make ready. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
