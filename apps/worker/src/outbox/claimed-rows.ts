import type { Ownership } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { backoffDelay, type Clock, type Logger } from '@wa-gate/kit';
import { inspectOutbox, type OutboxItem, type OutboxState, type ReturnedRow, returnOutbox } from '@wa-gate/messaging';

export interface ClaimedRowsDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  /** Rows of this session are in the outbox again. */
  onReturned: (sessionId: string) => void;
}

type Row = Pick<OutboxItem, 'messageId' | 'waMessageId'>;

/** Rows on their way back. */
export interface GivenBack {
  /** An attempt was made of these. */
  attempted?: readonly Row[];
  /** These were only claimed. */
  untouched?: readonly Row[];
}

const RETRY = { initialMs: 200, maxMs: 5_000 };

/**
 * Knows which rows of the outbox this process has claimed, until they are concluded or given back. A row in `sending`
 * that is not among them is left from a claim whose answer was lost: nobody would ever send it.
 */
export class ClaimedRows {
  readonly #deps: ClaimedRowsDependencies;
  /** WhatsApp's ids by session, under one epoch. */
  readonly #claimed = new Map<string, { epoch: number; ids: Set<string> }>();
  /** Rows on their way back, by session. */
  readonly #returning = new Map<string, Promise<void>>();

  constructor(deps: ClaimedRowsDependencies) {
    this.#deps = deps;
  }

  claimed(owner: Ownership, rows: readonly Row[]): void {
    const ids = this.#idsOf(owner);
    for (const { waMessageId } of rows) ids.add(waMessageId);
  }

  /** What became of the message is in the database. */
  conclude(owner: Ownership, waMessageId: string): void {
    this.#idsOf(owner).delete(waMessageId);
  }

  /** While rows go back nothing may be claimed for their session, or later messages would overtake them. */
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
   * Gives back what a claim took whose answer never came. Call it before the next claim, so that the order holds.
   *
   * @returns WhatsApp's ids of what an earlier owner has left and that must not go out again
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

  /** Resolves when everything given back is back. */
  async settled(): Promise<void> {
    await Promise.all(this.#returning.values());
  }

  #idsOf({ sessionId, epoch }: Ownership): Set<string> {
    const entry = this.#claimed.get(sessionId);
    if (entry?.epoch === epoch) return entry.ids;
    // What an older epoch had claimed is not this one's: its rows are due again.
    const fresh = { epoch, ids: new Set<string>() };
    if (!entry || entry.epoch < epoch) this.#claimed.set(sessionId, fresh);
    return fresh.ids;
  }

  /** Until it has worked: a row that stays `sending` under this epoch would be taken by nobody. */
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
