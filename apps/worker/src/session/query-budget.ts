import type { Clock } from '@wa-gate/kit';

/** The burst of queries of a session, and the rate at which it refills. WhatsApp answers 429 above its limit. */
const BURST = 60;
const PER_SECOND = 2;

/** The query budget of one session. */
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
