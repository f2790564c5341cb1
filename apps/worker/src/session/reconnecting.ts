import { type BackoffOptions, backoffDelay } from '@wa-gate/kit';
import type { Verdict } from './disconnect.ts';
import { OneTimer } from './one-timer.ts';

export interface ReconnectingDependencies {
  /** Pauses between tries. */
  retry: BackoffOptions;
  /** Milliseconds to wait before a connection may be tried again by itself; 0 takes the turn. */
  reconnectTurn: () => number;
  /** Asks PostgreSQL whether this process still owns the session. */
  stillOwned: () => Promise<boolean>;
  begin: () => void;
  fence: () => void;
}

const SLOW_RETRY: BackoffOptions = { initialMs: 60_000, maxMs: 900_000 };

/** When the next connection is tried. One plan at a time. */
export class Reconnecting {
  readonly #deps: ReconnectingDependencies;
  readonly #timer = new OneTimer();

  constructor(deps: ReconnectingDependencies) {
    this.#deps = deps;
  }

  /** After so many failures in a row, of which `verdict` is the last. */
  plan(verdict: Verdict, failures: number): void {
    const delay = backoffDelay(failures - 1, verdict.next === 'retry-slowly' ? SLOW_RETRY : this.#deps.retry);
    this.#timer.set(delay, () => (verdict.next === 'yield' ? this.#askFirst(verdict, failures) : this.#begin()));
  }

  /**
   * When the network of a worker breaks, its sessions come back one after the other, at the pace in which they started.
   */
  inTurn(connect: () => void): void {
    const waitMs = this.#deps.reconnectTurn();
    if (waitMs > 0) this.#timer.set(waitMs, () => this.inTurn(connect));
    else connect();
  }

  /** After any pause, and in any state. */
  in(ms: number, work: () => void): void {
    this.#timer.set(ms, work);
  }

  cancel(): void {
    this.#timer.clear();
  }

  #begin(): void {
    this.inTurn(this.#deps.begin);
  }

  /** Somebody else connected as this device: the next owner, perhaps. */
  #askFirst(verdict: Verdict, failures: number): void {
    this.#deps.stillOwned().then(
      (owned) => (owned ? this.#begin() : this.#deps.fence()),
      () => this.plan(verdict, failures),
    );
  }
}
