import { type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { SessionEvent } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { backoffDelay, type Clock, type Logger } from '@wa-gate/kit';
import { type Appended, type SessionUpdate, updateSessionState } from '@wa-gate/messaging';

export interface StatusWriterDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  owner: Ownership;
  onAppended: (appended: Appended) => void;
  /** The session has another owner. */
  onStale: () => void;
}

const RETRY = { initialMs: 200, maxMs: 10_000 };

/**
 * Writes the state of one session, in the order of its changes. While the database is away, only the newest state is
 * kept; every event is kept.
 */
export class StatusWriter {
  readonly #deps: StatusWriterDependencies;
  #pending: { update: SessionUpdate; events: SessionEvent[] } | undefined;
  #writing: Promise<void> | undefined;
  #ended = false;

  constructor(deps: StatusWriterDependencies) {
    this.#deps = deps;
  }

  write(update: SessionUpdate, events: SessionEvent[]): void {
    if (this.#ended) return;
    const waiting = this.#pending;
    this.#pending = waiting
      ? { update: { ...waiting.update, ...update }, events: [...waiting.events, ...events] }
      : { update, events };
    this.#writing ??= this.#run().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when the queued writes are written or have failed for good. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** Drops later writes. */
  end(): void {
    this.#ended = true;
    this.#pending = undefined;
  }

  async #run(): Promise<void> {
    const { pool, owner, clock, logger, onAppended, onStale } = this.#deps;
    for (let failures = 0; this.#pending && !this.#ended; ) {
      const { update, events } = this.#pending;
      this.#pending = undefined;
      try {
        onAppended(await updateSessionState(pool, owner, update, events));
        failures = 0;
      } catch (error) {
        if (error instanceof StaleEpochError) return onStale();
        logger.warn({ err: error, sessionId: owner.sessionId }, 'session state not written, trying again');
        const newer = this.#pending as { update: SessionUpdate; events: SessionEvent[] } | undefined;
        this.#pending = { update: { ...update, ...newer?.update }, events: [...events, ...(newer?.events ?? [])] };
        await clock.sleep(backoffDelay(failures, RETRY));
        failures += 1;
      }
    }
  }
}
