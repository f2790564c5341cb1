import { myPlacements, type Ownership, type Placement } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import type { Doorbells } from '../outbox/doorbells.ts';
import type { SessionActor } from '../session/session-actor.ts';
import { isTerminal } from '../session/transition.ts';
import type { StartRamp } from './start-ramp.ts';

export interface SupervisorDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  workerId: string;
  convergeEveryMs: number;
  ramp: StartRamp;
  doorbells: Doorbells;
  createActor: (owner: Ownership) => SessionActor;
}

/**
 * Makes the actors of this process match its placements in PostgreSQL: starts what is missing, stops what is too much, replaces what
 * has another epoch. The database says what should be; nobody tells this process to start or stop a session.
 */
export class Supervisor {
  readonly #deps: SupervisorDependencies;
  readonly #actors = new Map<string, SessionActor>();
  /** Placed here, waiting for the ramp. */
  readonly #waiting = new Map<string, Placement>();
  /** Deleted over the API; their placements go any moment. By session, the epoch that is not to be started again. */
  readonly #removed = new Map<string, number>();
  readonly #stopping = new Set<Promise<void>>();
  #incarnation: number | undefined;
  #converging: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #rampTimer: NodeJS.Timeout | undefined;

  constructor(deps: SupervisorDependencies) {
    this.#deps = deps;
  }

  /** Begins to host what is placed on this incarnation. */
  begin(incarnation: number): void {
    this.#incarnation = incarnation;
    this.#timer ??= setInterval(() => this.look(), this.#deps.convergeEveryMs).unref();
    this.look();
  }

  /** Stops all actors: the incarnation is over, or the process ends. */
  async end(): Promise<void> {
    this.#incarnation = undefined;
    clearInterval(this.#timer);
    clearTimeout(this.#rampTimer);
    this.#timer = undefined;
    this.#rampTimer = undefined;
    this.#waiting.clear();
    for (const actor of this.#actors.values()) this.#stop(actor);
    while (this.#stopping.size > 0) await Promise.allSettled(this.#stopping);
  }

  /** The life of this process that hosts the actors; `undefined` before and after. */
  get incarnation(): number | undefined {
    return this.#incarnation;
  }

  get actors(): readonly SessionActor[] {
    return [...this.#actors.values()];
  }

  find(sessionId: string): SessionActor | undefined {
    return this.#actors.get(sessionId);
  }

  /** The actor of this placement; looks at the database first when it is not here yet, and does not wait for the ramp. */
  async require(owner: Ownership): Promise<SessionActor | undefined> {
    const here = this.#matching(owner);
    if (here) return here;
    await this.converge();
    const waiting = this.#waiting.get(owner.sessionId);
    if (waiting?.epoch === owner.epoch) this.#start(waiting);
    return this.#matching(owner);
  }

  /** A deleted session: not to be started again under this epoch. */
  async remove(actor: SessionActor): Promise<void> {
    this.#removed.set(actor.owner.sessionId, actor.owner.epoch);
    this.#stop(actor);
    await Promise.allSettled(this.#stopping);
  }

  /** An actor has found out by itself that it does not own its session any more. */
  fenced({ sessionId, epoch }: Ownership): void {
    if (this.#actors.get(sessionId)?.owner.epoch === epoch) this.#forget(sessionId);
    this.look();
  }

  /** Converges soon; for bells and timers. */
  look(): void {
    this.converge().catch((error: unknown) => this.#deps.logger.warn({ err: error }, 'placements could not be read'));
  }

  /** Compares placements with actors. A call during a run causes one more run, which sees what the caller has written. */
  converge(): Promise<void> {
    if (this.#converging) {
      this.#again = true;
      return this.#converging;
    }
    this.#converging = this.#runs().finally(() => {
      this.#converging = undefined;
    });
    return this.#converging;
  }

  async #runs(): Promise<void> {
    do {
      this.#again = false;
      await this.#run();
    } while (this.#again);
  }

  async #run(): Promise<void> {
    const incarnation = this.#incarnation;
    if (incarnation === undefined) return;
    const placements = await myPlacements(this.#deps.pool, this.#deps.workerId, incarnation);
    if (incarnation !== this.#incarnation) return;
    const wanted = new Map(placements.map((placement) => [placement.sessionId, placement]));
    for (const actor of this.#actors.values()) {
      if (wanted.get(actor.owner.sessionId)?.epoch !== actor.owner.epoch) this.#stop(actor);
    }
    for (const [sessionId, epoch] of this.#removed) {
      if (wanted.get(sessionId)?.epoch !== epoch) this.#removed.delete(sessionId);
    }
    this.#waiting.clear();
    for (const placement of placements) {
      const { sessionId, epoch } = placement;
      if (!this.#actors.has(sessionId) && this.#removed.get(sessionId) !== epoch)
        this.#waiting.set(sessionId, placement);
    }
    this.#startWaiting();
  }

  #startWaiting(): void {
    clearTimeout(this.#rampTimer);
    for (const placement of this.#waiting.values()) {
      const turn = this.#deps.ramp.take();
      if (!turn.granted) {
        this.#rampTimer = setTimeout(() => this.#startWaiting(), turn.retryInMs).unref();
        return;
      }
      this.#start(placement);
    }
  }

  #start({ sessionId, epoch }: Placement): void {
    this.#waiting.delete(sessionId);
    const actor = this.#deps.createActor({ sessionId, epoch });
    this.#actors.set(sessionId, actor);
    this.#deps.doorbells.listen(sessionId);
    actor.start();
  }

  #stop(actor: SessionActor): void {
    this.#forget(actor.owner.sessionId);
    const stopped = actor
      .stop()
      .catch((error: unknown) => this.#deps.logger.warn({ err: error, ...actor.owner }, 'actor did not stop in order'))
      .finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
  }

  #forget(sessionId: string): void {
    this.#actors.delete(sessionId);
    this.#deps.doorbells.ignore(sessionId);
  }

  #matching({ sessionId, epoch }: Ownership): SessionActor | undefined {
    const actor = this.#actors.get(sessionId);
    return actor && actor.owner.epoch === epoch && !isTerminal(actor.state) ? actor : undefined;
  }
}
