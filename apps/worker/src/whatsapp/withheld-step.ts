import type { RatchetStep } from '@wa-gate/cluster';

/**
 * A ratchet step that has read a message and is not stored yet. The statement that stores the message writes it, so
 * that one commit makes both durable. Nothing that depends on it may leave before `settled`.
 *
 * `joined`: the writer of the message has taken it over, and calls `conclude` or `writeApart`.
 */
export class WithheldStep {
  readonly step: RatchetStep;
  /** Resolves when the step is durable, by whatever statement. Rejects when it never will be. */
  readonly settled: Promise<void>;
  readonly #writeWhole: (step: WithheldStep) => Promise<void>;
  readonly #onConcluded: (step: WithheldStep, error?: Error) => void;
  #state: 'waiting' | 'joined' | 'apart' | 'settled' = 'waiting';
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  /**
   * @param writeWhole writes the step in a statement of its own, with what was read in the journal
   * @param onConcluded the step was written with its message, or never will be
   */
  constructor(
    step: RatchetStep,
    writeWhole: (step: WithheldStep) => Promise<void>,
    onConcluded: (step: WithheldStep, error?: Error) => void,
  ) {
    this.step = step;
    this.#writeWhole = writeWhole;
    this.#onConcluded = onConcluded;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.settled.catch(() => undefined);
  }

  /** Whether Baileys may still make a message of what was read. */
  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  /** Whether the statement that stores the message has to write it. */
  get isJoined(): boolean {
    return this.#state === 'joined';
  }

  /** The writer of its message takes it over. Without effect when it is written apart. */
  join(): void {
    if (this.#state === 'waiting') this.#state = 'joined';
  }

  /** No message was made of what was read: it is written apart. Without effect when it was taken over. */
  leave(): void {
    if (this.#state === 'waiting') void this.writeApart();
  }

  /** Writes it in a statement of its own, with what was read in the journal. Resolves when it is settled. */
  async writeApart(): Promise<void> {
    if (this.#state === 'waiting' || this.#state === 'joined') {
      this.#state = 'apart';
      this.#writeWhole(this).then(this.#resolve, this.#reject);
    }
    await this.settled.catch(() => undefined);
  }

  /** The statement of its message is committed; `error`: it was not written and never will be. */
  conclude(error?: Error): void {
    if (this.#state !== 'joined') return;
    this.#state = 'settled';
    this.#onConcluded(this, error);
    if (error) this.#reject(error);
    else this.#resolve();
  }
}
