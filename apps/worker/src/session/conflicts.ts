import { CONFLICT_VERDICT, type Verdict } from './disconnect.ts';

const MAX_CONFLICTS = 3;
const FORGIVEN_AFTER_MS = 600_000;

/** How often somebody else has connected as this device. After the third time the session gives way, or the two would throw each other out for ever. */
export class Conflicts {
  #count = 0;

  /** What a disconnect means in the light of those before. @param connectedMs how long the connection had lasted */
  weigh(verdict: Verdict, connectedMs: number): Verdict {
    if (verdict.next !== 'yield') return verdict;
    this.#count = connectedMs >= FORGIVEN_AFTER_MS ? 1 : this.#count + 1;
    return this.#count > MAX_CONFLICTS ? CONFLICT_VERDICT : verdict;
  }

  forget(): void {
    this.#count = 0;
  }
}
