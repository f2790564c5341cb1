import type { Registration } from './registration.ts';

/**
 * The lease of one incarnation, as far as this process may believe in it. Times are of the own monotonic clock (I12).
 * The database counts from the moment in which it executes a renewal; this counts from before the renewal was sent, so
 * it ends first, however slow the answer is (I3).
 */
export class HeldLease {
  readonly incarnation: number;
  /** The worker's own token, for heartbeats. It is rotated while the lease lasts. */
  token: string;
  readonly #stopAfterMs: number;
  readonly #over = new AbortController();
  #until: number;

  constructor({ incarnation, token }: Registration, sentAt: number, stopAfterMs: number) {
    this.incarnation = incarnation;
    this.token = token;
    this.#stopAfterMs = stopAfterMs;
    this.#until = sentAt + stopAfterMs;
  }

  /** Aborted when the lease is over, for whatever reason. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Until when it is held, unless it is renewed. */
  get until(): number {
    return this.#until;
  }

  /** A renewal that was sent then has been confirmed. Answers may come late and out of order. */
  renewed(sentAt: number): void {
    this.#until = Math.max(this.#until, sentAt + this.#stopAfterMs);
  }

  end(): void {
    this.#over.abort();
  }
}
