import { type BackoffOptions, backoffDelay } from '@wa-gate/kit';
import type { Verdict } from './disconnect.ts';
import { OneTimer } from './one-timer.ts';

export interface ReconnectingDependencies {
  /** Pauses between attempts to connect. */
  retry: BackoffOptions;
  /** Takes a turn to reconnect. Returns 0, or the milliseconds until the next turn. */
  reconnectTurn: () => number;
  /** Asks PostgreSQL whether this process still owns the session. */
  stillOwned: () => Promise<boolean>;
  begin: () => void;
  fence: () => void;
}

const SLOW_RETRY: BackoffOptions = { initialMs: 60_000, maxMs: 900_000 };

/** Schedules the next attempt to connect, one at a time. */
export class Reconnecting {
  readonly #deps: ReconnectingDependencies;
  readonly #timer = new OneTimer();

  constructor(deps: ReconnectingDependencies) {
    this.#deps = deps;
  }

  /** Schedules the attempt after `failures` in a row; `verdict` is the last one. */
  plan(verdict: Verdict, failures: number): void {
    const delay = backoffDelay(failures - 1, verdict.next === 'retry-slowly' ? SLOW_RETRY : this.#deps.retry);
    this.#timer.set(delay, () => (verdict.next === 'yield' ? this.#askFirst(verdict, failures) : this.#begin()));
  }

  /**
   * Connects when the ramp has a turn. After a network failure the sessions of a worker reconnect at the pace of a
   * start.
   */
  inTurn(connect: () => void): void {
    const waitMs = this.#deps.reconnectTurn();
    if (waitMs > 0) this.#timer.set(waitMs, () => this.inTurn(connect));
    else connect();
  }

  /** Runs `work` after `ms`, in any state. */
  in(ms: number, work: () => void): void {
    this.#timer.set(ms, work);
  }

  cancel(): void {
    this.#timer.clear();
  }

  #begin(): void {
    this.inTurn(this.#deps.begin);
  }

  /** Another process connected as this device, perhaps the next owner: asks PostgreSQL first. */
  #askFirst(verdict: Verdict, failures: number): void {
    this.#deps.stillOwned().then(
      (owned) => (owned ? this.#begin() : this.#deps.fence()),
      () => this.plan(verdict, failures),
    );
  }
}
