import { type Assignment, keepSession, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import type { HandOver } from './handover-batcher.ts';
import type { StartRamp } from './start-ramp.ts';

/** What a session leaves behind at its owner. Each step is done when it returns. */
export interface HandoverSteps {
  /** Takes nothing more from the outbox, and lets what is on its way land within `graceMs`. */
  settle(owner: Ownership, graceMs: number): Promise<void>;
  /** Closes the connection, without logging out; nothing of the session runs here afterwards. */
  stop(owner: Ownership): Promise<void>;
  /** Writes what is left to write under this epoch. */
  flush(owner: Ownership): Promise<void>;
}

export interface HandoversDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  handOver: HandOver;
  steps: HandoverSteps;
  /** No quicker than another worker may start them: the rest keeps its connection until its turn. */
  ramp: StartRamp;
  /** The session is another worker's from now on. */
  onMoved: (assignment: Assignment) => void;
  /** A handover is over, whatever became of it. */
  onEnded: () => void;
}

const MAX_AT_ONCE = 20;
/** What is on its way to WhatsApp when a session has to move. */
const SETTLE_MS = 10_000;

/**
 * Gives sessions away to other workers: the connection is closed only when nothing of the session is under way, and the
 * new owner is told in the same moment in which the placement changes, so that a session has no owner for about as long
 * as two logins take. Nothing of a session is written here after its placement has moved.
 */
export class Handovers {
  readonly #deps: HandoversDependencies;
  readonly #queue = new Map<string, Ownership>();
  #running = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  /** The process ends then: nobody goes on here with what could not be handed over. */
  #endsAt: number | undefined;

  constructor(deps: HandoversDependencies) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#queue.size + this.#running.size;
  }

  /** Whether this session is on its way out, or waits for its turn. */
  has(sessionId: string): boolean {
    return this.#queue.has(sessionId) || this.#running.has(sessionId);
  }

  add(owner: Ownership): void {
    if (this.has(owner.sessionId)) return;
    this.#queue.set(owner.sessionId, owner);
    this.#pump();
  }

  /** Not to be moved any more, if it has not begun. */
  drop(sessionId: string): void {
    this.#queue.delete(sessionId);
  }

  /** Hands over as many of these as there is time and room for; the rest stays as it is. */
  async leave(owners: readonly Ownership[], graceMs: number): Promise<void> {
    const { clock } = this.#deps;
    this.#endsAt = clock.monotonic() + graceMs;
    for (const owner of owners) this.add(owner);
    while (this.size > 0 && clock.monotonic() < this.#endsAt) await clock.sleep(10);
    this.#queue.clear();
  }

  /** The lease is over: what runs finds its epoch gone, and nobody waits for it. */
  abandon(): void {
    clearTimeout(this.#timer);
    this.#queue.clear();
    this.#running = new Map();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    for (const [sessionId, owner] of this.#queue) {
      if (this.#running.size >= MAX_AT_ONCE) return;
      const turn = this.#deps.ramp.take();
      if (!turn.granted) {
        this.#timer = setTimeout(() => this.#pump(), turn.retryInMs).unref();
        return;
      }
      this.#queue.delete(sessionId);
      this.#begin(owner);
    }
  }

  #begin(owner: Ownership): void {
    const running = this.#running;
    const moving = this.#move(owner)
      .catch((error: unknown) => {
        // Somebody else has it already, which is what was wanted.
        if (error instanceof StaleEpochError) return;
        this.#deps.logger.warn({ err: error, ...owner }, 'session not handed over');
      })
      .finally(() => {
        running.delete(owner.sessionId);
        if (running !== this.#running) return;
        this.#deps.onEnded();
        this.#pump();
      });
    running.set(owner.sessionId, moving);
  }

  async #move(owner: Ownership): Promise<void> {
    const { pool, clock, logger, handOver, steps, onMoved } = this.#deps;
    const began = clock.monotonic();
    await steps.settle(owner, Math.min(SETTLE_MS, this.#leftMs()));
    await steps.flush(owner);
    const closedAt = clock.monotonic();
    await steps.stop(owner);
    await steps.flush(owner);
    const assignment = await handOver(owner);
    if (assignment) {
      onMoved(assignment);
      const times = { settledMs: Math.round(closedAt - began), movedMs: Math.round(clock.monotonic() - closedAt) };
      const { sessionId, epoch, workerId: to } = assignment;
      logger.info({ sessionId, epoch, to, ...times }, 'session handed over');
      return;
    }
    logger.warn(owner, 'no other worker has room for the session');
    // At the end of the process the next incarnation finds it as it is, and so would the others for the rest.
    if (this.#endsAt !== undefined) this.#queue.clear();
    else await keepSession(pool, owner);
  }

  #leftMs(): number {
    return this.#endsAt === undefined ? Infinity : Math.max(this.#endsAt - this.#deps.clock.monotonic(), 0);
  }
}
