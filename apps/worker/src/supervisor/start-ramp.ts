export interface StartRampOptions {
  /** Starts per second once the burst is used up. */
  perSecond: number;
  /** Starts that may happen at once after a quiet time. */
  burst: number;
  now: () => number;
  random?: () => number;
}

/**
 * Spreads starts over time, with jitter: two hundred sessions that connect in the same second after a failover would
 * look like an attack to WhatsApp, and keep the event loop of the worker busy with handshakes.
 */
export class StartRamp {
  readonly #options: StartRampOptions;
  #tokens: number;
  #filledAt: number;

  constructor(options: StartRampOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#filledAt = options.now();
  }

  /** Takes the right to start one now; otherwise says in how many milliseconds to ask again. */
  take(): { granted: true } | { granted: false; retryInMs: number } {
    if (this.takeUpTo(1) === 1) return { granted: true };
    return { granted: false, retryInMs: this.retryInMs() };
  }

  /** Takes the right to start as many of `wanted` as may start now. */
  takeUpTo(wanted: number): number {
    const { perSecond, burst, now } = this.#options;
    const time = now();
    this.#tokens = Math.min(burst, this.#tokens + ((time - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = time;
    const granted = Math.min(wanted, Math.floor(this.#tokens));
    this.#tokens -= granted;
    return granted;
  }

  /** What was taken and not used. */
  giveBack(count: number): void {
    this.#tokens += count;
  }

  /** When the next start may happen, not before. */
  retryInMs(): number {
    const { perSecond, random = Math.random } = this.#options;
    const untilNext = ((1 - this.#tokens) / perSecond) * 1000;
    return Math.ceil(Math.max(untilNext, 0) * (1 + 0.5 * random()));
  }
}
