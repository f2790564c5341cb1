import type { Ownership } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { backoffDelay, type Clock, type Logger } from '@wa-gate/kit';
import { inspectOutbox, type OutboxItem, type OutboxState, type ReturnedRow, returnOutbox } from '@wa-gate/messaging';

export interface ClaimedRowsDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  /** Rows of this session were returned to the outbox. */
  onReturned: (sessionId: string) => void;
}

type Row = Pick<OutboxItem, 'messageId' | 'waMessageId'>;

/** Rows to return to the outbox. */
export interface GivenBack {
  /** Rows for which an attempt was made. */
  attempted?: readonly Row[];
  /** Rows that were only claimed. */
  untouched?: readonly Row[];
}

const RETRY = { initialMs: 200, maxMs: 5_000 };

/**
 * Tracks the rows that this process has claimed, until they are concluded or returned. A row in `sending` that is not
 * tracked was claimed by a statement whose answer was lost. Nothing would ever send it.
 */
export class ClaimedRows {
  readonly #deps: ClaimedRowsDependencies;
  /** Ids of WhatsApp by session, each under one epoch. */
  readonly #claimed = new Map<string, { epoch: number; ids: Set<string> }>();
  /** Returns in progress, by session. */
  readonly #returning = new Map<string, Promise<void>>();

  constructor(deps: ClaimedRowsDependencies) {
    this.#deps = deps;
  }

  claimed(owner: Ownership, rows: readonly Row[]): void {
    const ids = this.#idsOf(owner);
    for (const { waMessageId } of rows) ids.add(waMessageId);
  }

  /** Stops tracking a message whose outcome is in the database. */
  conclude(owner: Ownership, waMessageId: string): void {
    this.#idsOf(owner).delete(waMessageId);
  }

  /**
   * Whether rows of this session are being returned. Nothing may be claimed then, or later messages would overtake
   * them.
   */
  isReturning(sessionId: string): boolean {
    return this.#returning.has(sessionId);
  }

  giveBack(owner: Ownership, { attempted = [], untouched = [] }: GivenBack): void {
    const rows = [
      ...attempted.map((row) => ({ ...row, attempted: true })),
      ...untouched.map((row) => ({ ...row, attempted: false })),
    ];
    if (rows.length === 0) return;
    const { sessionId } = owner;
    const before = this.#returning.get(sessionId) ?? Promise.resolve();
    const work = before
      .then(() => this.#return(owner, rows))
      .then(() => {
        for (const { waMessageId } of rows) this.conclude(owner, waMessageId);
        if (this.#returning.get(sessionId) === work) this.#returning.delete(sessionId);
        this.#deps.onReturned(sessionId);
      });
    this.#returning.set(sessionId, work);
  }

  /**
   * Returns the rows of a claim whose answer was lost. Call it before the next claim, so that the order holds.
   *
   * @returns the ids of WhatsApp of messages that an earlier owner has left and that must not be sent again
   */
  async returnForgotten(owner: Ownership): Promise<string[]> {
    const [state] = await inspectOutbox(this.#deps.pool, [owner.sessionId]);
    if (!state) return [];
    const forgotten = this.forgottenOf(owner, state.sending);
    if (forgotten.length > 0) {
      this.#deps.logger.info({ ...owner, rows: forgotten.length }, 'messages of a lost claim given back');
      const rows = forgotten.map(({ messageId }) => ({ messageId, attempted: false }));
      await returnOutbox(this.#deps.pool, owner, rows);
    }
    return state.uncertain;
  }

  forgottenOf(owner: Ownership, sending: OutboxState['sending']): OutboxState['sending'] {
    const ids = this.#idsOf(owner);
    return sending.filter(({ waMessageId }) => !ids.has(waMessageId));
  }

  /** Resolves when all returns are complete. */
  async settled(): Promise<void> {
    await Promise.all(this.#returning.values());
  }

  #idsOf({ sessionId, epoch }: Ownership): Set<string> {
    const entry = this.#claimed.get(sessionId);
    if (entry?.epoch === epoch) return entry.ids;
    // Rows claimed under an older epoch are not tracked: the new owner may claim them.
    const fresh = { epoch, ids: new Set<string>() };
    if (!entry || entry.epoch < epoch) this.#claimed.set(sessionId, fresh);
    return fresh.ids;
  }

  /** Retries until it works: nothing would send a row that stays `sending` under this epoch. */
  async #return(owner: Ownership, rows: readonly ReturnedRow[]): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await returnOutbox(this.#deps.pool, owner, rows);
      } catch (error) {
        this.#deps.logger.warn({ err: error, ...owner }, 'messages not given back, trying again');
        await this.#deps.clock.sleep(backoffDelay(failures, RETRY));
      }
    }
  }
}
