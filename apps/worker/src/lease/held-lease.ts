import type { Registration } from './registration.ts';

/**
 * The lease of one incarnation as this process measures it, by its own monotonic clock (I12). The database counts from
 * the execution of a renewal. This clock counts from before the renewal was sent. So this process stops first, however
 * slow the answer is (I3).
 */
export class HeldLease {
  readonly incarnation: number;
  /** The token of this worker for heartbeats. It is rotated while the lease lasts. */
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

  /** Aborted when the lease ends, for any reason. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Monotonic milliseconds at which the lease ends unless it is renewed. */
  get until(): number {
    return this.#until;
  }

  /** Applies a confirmed renewal that was sent at `sentAt`. Answers may come late and out of order. */
  renewed(sentAt: number): void {
    this.#until = Math.max(this.#until, sentAt + this.#stopAfterMs);
  }

  end(): void {
    this.#over.abort();
  }
}
