export interface StartRampOptions {
  /** Starts per second once the burst is used up. */
  perSecond: number;
  /** Starts that may happen at once after a quiet time. */
  burst: number;
  now: () => number;
  random?: () => number;
}

/**
 * Spreads starts over time, with jitter: two hundred sessions that connect in the same second after a failover would look like an attack to
 * WhatsApp, and keep the event loop of the worker busy with handshakes.
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
    const { perSecond, burst, now, random = Math.random } = this.#options;
    const time = now();
    this.#tokens = Math.min(burst, this.#tokens + ((time - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = time;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return { granted: true };
    }
    const untilNext = ((1 - this.#tokens) / perSecond) * 1000;
    return { granted: false, retryInMs: Math.ceil(untilNext * (1 + 0.5 * random())) };
  }
}
