export interface StartRampOptions {
  /** Starts per second once the burst is used up. */
  perSecond: number;
  /** Starts that may happen at once after an idle time. */
  burst: number;
  now: () => number;
  random?: () => number;
}

/**
 * Spreads starts over time, with jitter. Two hundred sessions that connect in one second after a failover would look
 * like an attack to WhatsApp, and their handshakes would block the event loop.
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

  /** Takes one start, or returns in how many milliseconds to ask again. */
  take(): { granted: true } | { granted: false; retryInMs: number } {
    if (this.takeUpTo(1) === 1) return { granted: true };
    return { granted: false, retryInMs: this.retryInMs() };
  }

  /** Takes up to `wanted` starts; returns the count. */
  takeUpTo(wanted: number): number {
    const { perSecond, burst, now } = this.#options;
    const time = now();
    this.#tokens = Math.min(burst, this.#tokens + ((time - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = time;
    const granted = Math.min(wanted, Math.floor(this.#tokens));
    this.#tokens -= granted;
    return granted;
  }

  /** Returns starts that were taken and not used. */
  giveBack(count: number): void {
    this.#tokens += count;
  }

  /** Milliseconds until the next start. */
  retryInMs(): number {
    const { perSecond, random = Math.random } = this.#options;
    const untilNext = ((1 - this.#tokens) / perSecond) * 1000;
    return Math.ceil(Math.max(untilNext, 0) * (1 + 0.5 * random()));
  }
}
