import { type ClusterTiming, myPlacements, type Ownership, type Placement } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import type { Doorbells } from '../outbox/doorbells.ts';
import type { SessionActor } from '../session/session-actor.ts';
import { isTerminal } from '../session/transition.ts';
import { type Departure, Handovers, type HandoversDependencies } from './handovers.ts';
import type { StartGate } from './start-gate.ts';

export interface SupervisorDependencies extends Omit<HandoversDependencies, 'departure' | 'onEnded'> {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  workerId: string;
  timing: ClusterTiming;
  gate: StartGate;
  doorbells: Doorbells;
  departure: Omit<Departure, 'stop'>;
  createActor: (placement: Placement) => SessionActor;
}

/** What this process hosts, against what it should. Actors beyond the placements, for longer than a look takes, would be leaks. */
export interface Census {
  placed: number;
  actors: number;
  /** Placed here, not started yet. */
  waiting: number;
  /** On their way to another worker. */
  moving: number;
  /** Not hosted any more, closing their connection. */
  stopping: number;
}

/**
 * Makes the actors of this process match its placements in PostgreSQL: starts what is missing, stops what is too much, replaces what
 * has another epoch, hands over what is being released. The database says what should be; nobody tells this process to start or stop a session.
 */
export class Supervisor {
  readonly #deps: SupervisorDependencies;
  readonly #actors = new Map<string, SessionActor>();
  /** Placed here, waiting for the ramp; in the order in which to start. */
  readonly #waiting = new Map<string, Placement>();
  /** Deleted over the API; their placements go any moment. By session, the epoch that is not to be started again. */
  readonly #removed = new Map<string, number>();
  readonly #stopping = new Map<SessionActor, Promise<void>>();
  readonly #handovers: Handovers;
  #incarnation: number | undefined;
  #placed = 0;
  /** The process ends: nothing is started any more. */
  #isLeaving = false;
  #converging: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #isStarting = false;
  #rampTimer: NodeJS.Timeout | undefined;

  constructor(deps: SupervisorDependencies) {
    this.#deps = deps;
    const departure = { ...deps.departure, stop: (owner: Ownership) => this.#depart(owner) };
    this.#handovers = new Handovers({ ...deps, departure, onEnded: () => this.look() });
  }

  /** Begins to host what is placed on this incarnation. */
  begin(incarnation: number): void {
    this.#incarnation = incarnation;
    this.#timer ??= setInterval(() => this.look(), this.#deps.timing.convergeEveryMs).unref();
    this.look();
  }

  /** Stops all actors in order: the process ends. */
  async end(): Promise<void> {
    this.#retire();
    for (const actor of this.#actors.values()) void this.#stop(actor);
    while (this.#stopping.size > 0) await Promise.allSettled(this.#stopping.values());
  }

  /** The lease is over: when this returns, every line is cut and no actor writes any more (I3). */
  cut(): void {
    this.#retire();
    for (const actor of [...this.#actors.values(), ...this.#stopping.keys()]) actor.cut();
    for (const sessionId of this.#actors.keys()) this.#forget(sessionId);
  }

  /** The process ends: hands over what others have room for, within `graceMs`. What is left goes on until {@link end}. */
  async leave(graceMs: number): Promise<void> {
    const incarnation = this.#incarnation;
    this.#isLeaving = true;
    this.#waiting.clear();
    if (incarnation === undefined) return;
    const placements = await myPlacements(this.#deps.pool, this.#deps.workerId, incarnation);
    await this.#handovers.leave(placements, graceMs);
  }

  /** The life of this process that hosts the actors; `undefined` before and after. */
  get incarnation(): number | undefined {
    return this.#incarnation;
  }

  get actors(): readonly SessionActor[] {
    return [...this.#actors.values()];
  }

  get census(): Census {
    return {
      placed: this.#placed,
      actors: this.#actors.size,
      waiting: this.#waiting.size,
      moving: this.#handovers.size,
      stopping: this.#stopping.size,
    };
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
    await this.#stop(actor);
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
    this.#placed = placements.length;
    const wanted = new Map(placements.map((placement) => [placement.sessionId, placement]));
    for (const actor of this.#actors.values()) {
      if (wanted.get(actor.owner.sessionId)?.epoch !== actor.owner.epoch) void this.#stop(actor);
    }
    for (const [sessionId, epoch] of this.#removed) {
      if (wanted.get(sessionId)?.epoch !== epoch) this.#removed.delete(sessionId);
    }
    this.#waiting.clear();
    for (const placement of placements) this.#take(placement);
    this.#startWaiting();
  }

  #take(placement: Placement): void {
    const { sessionId, epoch, state } = placement;
    if (this.#isLeaving || this.#removed.get(sessionId) === epoch) return;
    if (state === 'RELEASING') {
      this.#handovers.add(placement);
      return;
    }
    this.#handovers.drop(sessionId);
    if (!this.#actors.has(sessionId) && !this.#handovers.has(sessionId)) this.#waiting.set(sessionId, placement);
  }

  /** As many as may start now; the rest when the gate says. */
  #startWaiting(): void {
    if (this.#isStarting || this.#waiting.size === 0) return;
    clearTimeout(this.#rampTimer);
    this.#isStarting = true;
    void this.#deps.gate.enter(this.#waiting.size).then(({ granted, retryInMs }) => {
      this.#isStarting = false;
      // What has gone meanwhile leaves its turn unused.
      for (const placement of [...this.#waiting.values()].slice(0, granted)) this.#start(placement);
      if (this.#waiting.size > 0) this.#rampTimer = setTimeout(() => this.#startWaiting(), retryInMs).unref();
    });
  }

  #start(placement: Placement): void {
    const { sessionId } = placement;
    this.#waiting.delete(sessionId);
    const actor = this.#deps.createActor(placement);
    this.#actors.set(sessionId, actor);
    this.#deps.doorbells.listen(sessionId);
    actor.start();
  }

  /** In order, and within the time for it: an actor that hangs (its last writes wait for the database) is cut off. */
  #stop(actor: SessionActor): Promise<void> {
    this.#forget(actor.owner.sessionId);
    const late = setTimeout(() => actor.cut(), this.#deps.timing.closeBudgetMs).unref();
    const stopped = actor
      .stop()
      .catch((error: unknown) => {
        this.#deps.logger.warn({ err: error, ...actor.owner }, 'actor did not stop in order');
        actor.cut();
      })
      .finally(() => {
        clearTimeout(late);
        this.#stopping.delete(actor);
      });
    this.#stopping.set(actor, stopped);
    return stopped;
  }

  /** A session that is handed over; it may not have been started yet. */
  async #depart(owner: Ownership): Promise<void> {
    const actor = this.#matching(owner);
    if (actor) await this.#stop(actor);
  }

  #retire(): void {
    this.#incarnation = undefined;
    this.#placed = 0;
    clearInterval(this.#timer);
    clearTimeout(this.#rampTimer);
    this.#timer = undefined;
    this.#waiting.clear();
    this.#handovers.abandon();
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
