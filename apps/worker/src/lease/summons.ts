import type { Clock } from '@wa-gate/kit';

/** For so long after a question the worker tries to register: the gateway asks before it has stored that it may. */
const RECENT_MS = 5_000;

/** Questions of gateways for this worker, which end its waiting. */
export class Summons {
  readonly #clock: Clock;
  #rungAt = Number.NEGATIVE_INFINITY;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rungAt = this.#clock.monotonic();
    this.#wake?.();
  }

  get isRecent(): boolean {
    return this.#clock.monotonic() - this.#rungAt < RECENT_MS;
  }

  /** Resolves with the next question, or when `end` is aborted. */
  next(end: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#wake = undefined;
        end.removeEventListener('abort', done);
        resolve();
      };
      this.#wake = done;
      end.addEventListener('abort', done, { once: true });
      if (end.aborted) done();
    });
  }
}
