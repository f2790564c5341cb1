import { type Assignment, keepSession, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import type { HandOver } from './handover-batcher.ts';
import type { StartRamp } from './start-ramp.ts';

/** The steps of the owner before a session moves. Each step is complete when it resolves. */
export interface HandoverSteps {
  /** Stops claiming from the outbox, and waits up to `graceMs` milliseconds for messages in flight. */
  settle(owner: Ownership, graceMs: number): Promise<void>;
  /** Closes the connection without a logout. Afterwards nothing of the session runs here. */
  stop(owner: Ownership): Promise<void>;
  /** Flushes the queued writes under this epoch. */
  flush(owner: Ownership): Promise<void>;
}

export interface HandoversDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  handOver: HandOver;
  steps: HandoverSteps;
  /** Limits handovers to the rate at which another worker may start sessions. */
  ramp: StartRamp;
  /** The session has moved to another worker. */
  onMoved: (assignment: Assignment) => void;
  /** A handover has ended, with or without success. */
  onEnded: () => void;
}

const MAX_AT_ONCE = 20;
/** Milliseconds for messages in flight when a session moves. */
const SETTLE_MS = 10_000;

/**
 * Hands sessions over to other workers. The connection is closed only after the session has settled. The new owner is
 * notified at the moment of the change of the placement, so a session has no owner for about the time of two logins.
 * Nothing of a session is written here after its placement has moved.
 */
export class Handovers {
  readonly #deps: HandoversDependencies;
  readonly #queue = new Map<string, Ownership>();
  #running = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  /** Monotonic end of the process. Sessions that could not be handed over are not started again. */
  #endsAt: number | undefined;

  constructor(deps: HandoversDependencies) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#queue.size + this.#running.size;
  }

  /** Whether a handover of this session is queued or running. */
  has(sessionId: string): boolean {
    return this.#queue.has(sessionId) || this.#running.has(sessionId);
  }

  add(owner: Ownership): void {
    if (this.has(owner.sessionId)) return;
    this.#queue.set(owner.sessionId, owner);
    this.#pump();
  }

  /** Cancels a queued handover. */
  drop(sessionId: string): void {
    this.#queue.delete(sessionId);
  }

  /** Hands over as many of these sessions as time and room allow; the others stay here. */
  async leave(owners: readonly Ownership[], graceMs: number): Promise<void> {
    const { clock } = this.#deps;
    this.#endsAt = clock.monotonic() + graceMs;
    for (const owner of owners) this.add(owner);
    while (this.size > 0 && clock.monotonic() < this.#endsAt) await clock.sleep(10);
    this.#queue.clear();
  }

  /** The lease has ended: cancels everything. Running handovers fail by their epoch. */
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
        // Another worker owns the session already.
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
    // When no worker has room at the end of the process, further handovers would fail, too: the placements stay for the
    // next incarnation.
    if (this.#endsAt !== undefined) this.#queue.clear();
    else await keepSession(pool, owner);
  }

  #leftMs(): number {
    return this.#endsAt === undefined ? Infinity : Math.max(this.#endsAt - this.#deps.clock.monotonic(), 0);
  }
}
