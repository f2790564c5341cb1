import type { Clock } from '@wa-gate/kit';

/**
 * Queries that a session may make at once, and how fast that fills up again. WhatsApp answers 429 to those who ask
 * more.
 */
const BURST = 60;
const PER_SECOND = 2;

/** How much one session may still ask WhatsApp. */
export class QueryBudget {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #left = BURST;
  #at: number;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Takes so many queries. @returns 0, or after how many whole seconds they are there; then nothing was taken */
  take(cost: number): number {
    const now = this.#clock.monotonic();
    this.#left = Math.min(BURST, this.#left + ((now - this.#at) / 1_000) * PER_SECOND);
    this.#at = now;
    if (cost > this.#left) return Math.ceil((Math.min(cost, BURST) - this.#left) / PER_SECOND);
    this.#left -= cost;
    return 0;
  }
}
