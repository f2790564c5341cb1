import { type ClusterTiming, myPlacements, type Ownership, type Placement } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import type { SessionActor } from '../session/session-actor.ts';
import { isTerminal } from '../session/transition.ts';
import { type HandoverSteps, Handovers, type HandoversDependencies } from './handovers.ts';
import type { HostedSessions } from './hosted-sessions.ts';
import type { StartGate } from './start-gate.ts';

/** The supervisor as an actor sees it. */
export interface Supervision {
  /** The actor found that it no longer owns its session. */
  onFenced: (owner: Ownership) => void;
  /** Asks PostgreSQL whether this process still owns the session. */
  stillOwned: (owner: Ownership) => Promise<boolean>;
}

/** Is called for each session that starts or stops being hosted here. */
export interface HostingListener {
  listen(sessionId: string): void;
  ignore(sessionId: string): void;
}

export interface SupervisorDependencies extends Omit<HandoversDependencies, 'steps' | 'onEnded'> {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  workerId: string;
  timing: ClusterTiming;
  gate: StartGate;
  steps: Omit<HandoverSteps, 'stop'>;
  sessions: HostedSessions;
  createActor: (placement: Placement, supervision: Supervision) => SessionActor;
}

/** Counts of placements and of actors. More actors than placements over time would be a leak. */
export interface HostCounts {
  placed: number;
  actors: number;
  /** Placed here, not started yet. */
  waiting: number;
  /** Being handed over. */
  moving: number;
  /** Stopped, connection still closing. */
  stopping: number;
}

/**
 * Converges the actors of this process on its placements in PostgreSQL: starts missing ones, stops extra ones, replaces
 * those of another epoch, hands over those that are being released. Only the placements decide: no message to this
 * process starts or stops a session.
 */
export class Supervisor {
  readonly #deps: SupervisorDependencies;
  readonly #sessions: HostedSessions;
  readonly #listeners: HostingListener[] = [];
  /** Placed here, waiting for the ramp, in the order of the starts. */
  readonly #waiting = new Map<string, Placement>();
  /** Epochs, by session, that were deleted over the API and must not start again before the placement is gone. */
  readonly #removed = new Map<string, number>();
  readonly #stopping = new Map<SessionActor, Promise<void>>();
  readonly #handovers: Handovers;
  #incarnation: number | undefined;
  #placed = 0;
  /** The process shuts down: no more starts. */
  #isLeaving = false;
  #converging: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #isStarting = false;
  #rampTimer: NodeJS.Timeout | undefined;

  constructor(deps: SupervisorDependencies) {
    this.#deps = deps;
    this.#sessions = deps.sessions;
    const steps = { ...deps.steps, stop: (owner: Ownership) => this.#stopForHandover(owner) };
    this.#handovers = new Handovers({ ...deps, steps, onEnded: () => this.convergeSoon() });
  }

  /** Starts to converge, as this incarnation. */
  begin(incarnation: number): void {
    this.#incarnation = incarnation;
    this.#timer ??= setInterval(() => this.convergeSoon(), this.#deps.timing.convergeEveryMs).unref();
    this.convergeSoon();
  }

  /** Stops all actors in order, for a shutdown. */
  async end(): Promise<void> {
    this.#retire();
    for (const actor of this.#sessions.actors) void this.#stop(actor);
    while (this.#stopping.size > 0) await Promise.allSettled(this.#stopping.values());
  }

  /** The lease has ended. When this returns, every connection is cut and no actor writes (I3). */
  cut(): void {
    this.#retire();
    for (const actor of [...this.#sessions.actors, ...this.#stopping.keys()]) actor.cut();
    for (const { owner } of this.#sessions.actors) this.#forget(owner.sessionId);
  }

  /**
   * For a shutdown: hands sessions over, as far as other workers have room, within `graceMs`. The others run until
   * {@link end}.
   */
  async leave(graceMs: number): Promise<void> {
    const incarnation = this.#incarnation;
    this.#isLeaving = true;
    this.#waiting.clear();
    if (incarnation === undefined) return;
    const placements = await myPlacements(this.#deps.pool, this.#deps.workerId, incarnation);
    await this.#handovers.leave(placements, graceMs);
  }

  /** The incarnation that hosts the actors; `undefined` before and after. */
  get incarnation(): number | undefined {
    return this.#incarnation;
  }

  get actors(): readonly SessionActor[] {
    return this.#sessions.actors;
  }

  get counts(): HostCounts {
    return {
      placed: this.#placed,
      actors: this.#sessions.count,
      waiting: this.#waiting.size,
      moving: this.#handovers.size,
      stopping: this.#stopping.size,
    };
  }

  find(sessionId: string): SessionActor | undefined {
    return this.#sessions.find(sessionId);
  }

  /**
   * The actor of this placement. One that is missing is looked up in the database and started without waiting for the
   * ramp.
   */
  async require(owner: Ownership): Promise<SessionActor | undefined> {
    const here = this.#matching(owner);
    if (here) return here;
    await this.converge();
    const waiting = this.#waiting.get(owner.sessionId);
    if (waiting?.epoch === owner.epoch) this.#start(waiting);
    return this.#matching(owner);
  }

  /** Stops the actor of a deleted session; it does not start again under this epoch. */
  async remove(actor: SessionActor): Promise<void> {
    this.#removed.set(actor.owner.sessionId, actor.owner.epoch);
    await this.#stop(actor);
  }

  onHosting(listener: HostingListener): void {
    this.#listeners.push(listener);
  }

  #fenced({ sessionId, epoch }: Ownership): void {
    if (this.#sessions.find(sessionId)?.owner.epoch === epoch) this.#forget(sessionId);
    this.convergeSoon();
  }

  async #stillOwned({ sessionId, epoch }: Ownership): Promise<boolean> {
    if (this.#incarnation === undefined) return false;
    const placements = await myPlacements(this.#deps.pool, this.#deps.workerId, this.#incarnation);
    return placements.some((placement) => placement.sessionId === sessionId && placement.epoch === epoch);
  }

  /** Converges soon; for doorbells and timers. */
  convergeSoon(): void {
    this.converge().catch((error: unknown) => this.#deps.logger.warn({ err: error }, 'placements could not be read'));
  }

  /**
   * Compares placements with actors. A call during a run causes one more run, which sees what the caller has written.
   */
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
    for (const actor of this.#sessions.actors) {
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
    if (!this.#sessions.has(sessionId) && !this.#handovers.has(sessionId)) this.#waiting.set(sessionId, placement);
  }

  /** Starts as many waiting sessions as the gate grants, and schedules the next round. */
  #startWaiting(): void {
    if (this.#isStarting || this.#waiting.size === 0) return;
    clearTimeout(this.#rampTimer);
    this.#isStarting = true;
    void this.#deps.gate.enter(this.#waiting.size).then(({ granted, retryInMs }) => {
      this.#isStarting = false;
      // A session that has gone meanwhile leaves its grant unused.
      for (const placement of [...this.#waiting.values()].slice(0, granted)) this.#start(placement);
      if (this.#waiting.size > 0) this.#rampTimer = setTimeout(() => this.#startWaiting(), retryInMs).unref();
    });
  }

  #start(placement: Placement): void {
    const { sessionId } = placement;
    this.#waiting.delete(sessionId);
    const actor = this.#deps.createActor(placement, {
      onFenced: (owner) => this.#fenced(owner),
      stillOwned: (owner) => this.#stillOwned(owner),
    });
    this.#sessions.add(actor);
    for (const listener of this.#listeners) listener.listen(sessionId);
    actor.start();
  }

  /** Stops an actor in order. One that exceeds its time (its last writes wait for the database) is cut. */
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

  /** Stops a session for its handover; it may not have been started yet. */
  async #stopForHandover(owner: Ownership): Promise<void> {
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
    this.#sessions.remove(sessionId);
    for (const listener of this.#listeners) listener.ignore(sessionId);
  }

  #matching({ sessionId, epoch }: Ownership): SessionActor | undefined {
    const actor = this.#sessions.find(sessionId);
    return actor && actor.owner.epoch === epoch && !isTerminal(actor.state) ? actor : undefined;
  }
}
