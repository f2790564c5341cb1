import { ASKING_AGAIN, CONFLICT_VERDICT, type Verdict } from './disconnect.ts';

const MAX_CONFLICTS = 3;
const FORGIVEN_AFTER_MS = 600_000;

/**
 * Weighs disconnects whose meaning depends on earlier ones. After the third conflict the session stops connecting, or
 * two processes would disconnect each other for ever. A refused login is applied the second time in a row: keys removed
 * by mistake cost a new QR code.
 */
export class RepeatedVerdicts {
  #conflicts = 0;
  #refused = false;

  /** @param connectedMs milliseconds for which the connection had been open */
  weigh(verdict: Verdict, connectedMs: number): Verdict {
    const refusedBefore = this.#refused && connectedMs === 0;
    this.#refused = verdict.unconfirmed;
    if (verdict.unconfirmed && !refusedBefore) return ASKING_AGAIN;
    if (verdict.next !== 'yield') return verdict;
    this.#conflicts = connectedMs >= FORGIVEN_AFTER_MS ? 1 : this.#conflicts + 1;
    return this.#conflicts > MAX_CONFLICTS ? CONFLICT_VERDICT : verdict;
  }

  forget(): void {
    this.#conflicts = 0;
    this.#refused = false;
  }
}
