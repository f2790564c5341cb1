import type { StoredBreaker } from '@wa-gate/messaging';
import type { Failed } from './attempt-outcome.ts';
import { PATIENCE_MS, PAUSES, type Pauses } from './retry-schedule.ts';

/**
 * `up`: events go out. `doubtful`: one was refused, and it is not clear whether it is the only one: another event
 * tells. `down`: the endpoint takes nothing. All events wait in line, and the first one is the probe.
 */
export type BreakerState = 'up' | 'doubtful' | 'down';

/** So many events in a row of which each looks like the only one that is refused: nothing is taken. */
const MAX_REFUSALS_IN_A_ROW = 20;
/** From so many failed probes on another event is tried too: perhaps the first one makes the receiver hang. */
const PATIENT_PROBES = 5;

/**
 * That an endpoint takes nothing is one fact about it, and not one about each event. One for each endpoint in a
 * process, whichever sessions its events are of. Times are monotonic milliseconds. No input or output.
 */
export class Breaker {
  #state: BreakerState = 'up';
  #failedProbes = 0;
  #since = 0;
  #probeAt = 0;
  #isProbing = false;
  #refusalsInARow = 0;
  #wantsSecondOpinion = false;
  #isUnreachable = false;
  #wasKnockHeard = false;
  readonly #pauses: Pauses;
  readonly #random: () => number;

  constructor({ stored, now = 0, pauses = PAUSES, random = Math.random }: BreakerOptions = {}) {
    this.#pauses = pauses;
    this.#random = random;
    if (!stored) return;
    this.#state = 'down';
    this.#failedProbes = stored.failedProbes;
    this.#since = now - stored.failingForMs;
    this.#probeAt = now + Math.max(0, stored.probeInMs);
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** When the first event in line may be tried again. */
  get probeAt(): number {
    return this.#probeAt;
  }

  /** A knock may tell that it is back before the next probe. */
  get wantsKnock(): boolean {
    return this.#state === 'down' && this.#isUnreachable && !this.#isProbing;
  }

  /** It has failed for so long that what waits for longer is given up. */
  isHopeless(now: number): boolean {
    return this.#state === 'down' && now - this.#since >= PATIENCE_MS;
  }

  /**
   * Of several sessions one makes the probe. Whoever was admitted calls {@link succeed}, {@link fail} or {@link
   * yield}.
   */
  admitsProbe(now: number): boolean {
    if (this.#state === 'up' || this.#isProbing || now < this.#probeAt) return false;
    this.#isProbing = true;
    return true;
  }

  /** Whether another event than the first one is to be tried at once. Asked once. */
  takesSecondOpinion(): boolean {
    const wants = this.#wantsSecondOpinion;
    this.#wantsSecondOpinion = false;
    return wants;
  }

  /** The probe was not made. */
  yield(): void {
    this.#isProbing = false;
  }

  /** There is reason to believe that it is back. */
  probeNow(now: number): void {
    if (this.#state !== 'up') this.#probeAt = Math.min(this.#probeAt, now);
  }

  /** A connection was accepted. */
  onKnockHeard(now: number): void {
    this.#wasKnockHeard = true;
    this.probeNow(now);
  }

  /**
   * An attempt was successful. One that had begun before the failure tells nothing.
   *
   * @returns whether the endpoint was not `up` before
   */
  succeed(begunAt: number): boolean {
    if (this.#state !== 'up' && begunAt < this.#since) return false;
    const wasUp = this.#state === 'up';
    this.#refusalsInARow = 0;
    this.#close();
    return !wasUp;
  }

  /**
   * An attempt has failed.
   *
   * @param isProbe it was made with the first event in line, so that it counts for the pause
   * @returns whether the event stays in line; otherwise it has a schedule of its own
   */
  fail(
    { scope, retryAfterMs, isUnreachable = false }: Failed,
    now: number,
    isProbe: boolean,
  ): 'in line' | 'on its own' {
    if (isProbe) this.#isProbing = false;
    if (scope === 'event') this.#refusalsInARow += 1;
    if (scope === 'event' && this.#refusalsInARow < MAX_REFUSALS_IN_A_ROW) {
      // Its application answers.
      if (this.#state === 'down') this.#close();
      return 'on its own';
    }
    const wasUp = this.#state === 'up';
    if (wasUp) this.#since = now;
    if (wasUp || isProbe) {
      this.#failedProbes += 1;
      this.#probeAt = now + this.#pauses.probe(this.#failedProbes, retryAfterMs, this.#random);
      // Who accepts connections and no requests (a wrong certificate, for one) would be probed at each knock.
      this.#isUnreachable = isUnreachable && !this.#wasKnockHeard;
      this.#wantsSecondOpinion =
        !wasUp && (scope !== 'endpoint' || (!isUnreachable && this.#failedProbes >= PATIENT_PROBES));
    }
    this.#state = wasUp && scope === 'unclear' ? 'doubtful' : 'down';
    return 'in line';
  }

  /** What is to be stored; `null`: nothing is known against it. */
  stored(now: number): StoredBreaker | null {
    if (this.#state !== 'down') return null;
    return {
      failingForMs: now - this.#since,
      failedProbes: this.#failedProbes,
      probeInMs: Math.max(0, this.#probeAt - now),
    };
  }

  #close(): void {
    this.#state = 'up';
    this.#failedProbes = 0;
    this.#isProbing = false;
    this.#wantsSecondOpinion = false;
    this.#isUnreachable = false;
    this.#wasKnockHeard = false;
  }
}

export interface BreakerOptions {
  /** What an earlier process has left. */
  stored?: StoredBreaker | null | undefined;
  now?: number;
  pauses?: Pauses;
  random?: () => number;
}
