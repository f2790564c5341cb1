import type { ClusterTiming } from '@wa-gate/cluster';
import { backoffDelay, type Clock, type Logger } from '@wa-gate/kit';
import { createHeartbeat } from './heartbeat.ts';
import { HeldLease } from './held-lease.ts';
import type { LeaseStore } from './lease-store.ts';
import type { LoadMeter } from './load-gauges.ts';
import { type ControlPlane, type Heartbeat, RefusedError, type RegistrationRequest } from './registration.ts';
import { Summons } from './summons.ts';

export interface LeaseKeeperDependencies {
  store: LeaseStore;
  clock: Clock;
  logger: Logger;
  timing: ClusterTiming;
  controlPlane: ControlPlane;
  request: RegistrationRequest;
  meter: LoadMeter;
}

export interface LeaseListener {
  /** The figures of a heartbeat besides the load. */
  counts: () => Pick<Heartbeat, 'sessionCount' | 'messageCount'>;
  /** This process may host sessions, as this incarnation. */
  onHeld: (incarnation: number) => void;
  /** The lease has ended. Synchronous: when it returns, every socket is cut and nothing more is written (I3). */
  onLost: () => void;
}

const REGISTER_RETRY = { initialMs: 250, maxMs: 3_000 };
/** While PostgreSQL does not answer, the next try comes after the usual pause between renewals divided by this. */
const RETRIES_PER_RENEWAL = 16;

/**
 * Registers this process and keeps its lease. The lease is renewed in PostgreSQL, which decides; this process measures
 * it by its own monotonic clock. When the deadline passes, or the database says that the lease has ended, all sessions
 * stop synchronously, and the process registers again.
 *
 * The deadline has a timer. But a process that was paused, or whose event loop was blocked, handles the data on its
 * sockets before its timers. So every act checks {@link isHeld} first, and the first check after the deadline ends the
 * lease. An act without that check (the decryption of a frame) has no effect without a write, and the fence refuses it.
 */
export class LeaseKeeper {
  readonly #deps: LeaseKeeperDependencies;
  readonly #stop = new AbortController();
  readonly #summons: Summons;
  #isAsking = false;
  #listener: LeaseListener | undefined;
  #heartbeat: ReturnType<typeof createHeartbeat> | undefined;
  #held: HeldLease | undefined;
  #isDraining = false;
  #running: Promise<void> | undefined;

  constructor(deps: LeaseKeeperDependencies) {
    this.#deps = deps;
    this.#summons = new Summons(deps.clock);
  }

  /**
   * A gateway has asked who answers at this endpoint. A worker that was removed asks for its registration again then:
   * the gateway asks when an administrator adds it.
   */
  summon(): void {
    // A gateway also asks before it answers a registration, and checks the health of every worker with a lease.
    if (!this.#isAsking && !this.#held) this.#summons.ring();
  }

  /** Whether this process may act as owner now. Synchronous, for a check before every act. */
  isHeld(): boolean {
    const held = this.#held;
    if (!held) return false;
    if (this.#deps.clock.monotonic() < held.until) return true;
    this.#lose(held, 'the lease could not be renewed in time, all sessions stop here');
    return false;
  }

  /** The present incarnation; `undefined` while there is none. */
  get incarnation(): number | undefined {
    return this.isHeld() ? this.#held?.incarnation : undefined;
  }

  /** Registers and renews until {@link stop}. */
  start(listener: LeaseListener): void {
    if (this.#running) return;
    this.#listener = listener;
    this.#heartbeat = createHeartbeat({
      ...this.#deps,
      counts: listener.counts,
      workerId: this.#deps.request.workerId,
      onTokenRefused: (held) =>
        this.#lose(held, 'the gateway does not accept the token of this worker any more, which registers again'),
    });
    this.#running = this.#run();
  }

  /** Stops new placements on this process. A lease that is lost from now on is not replaced. */
  async beginDraining(): Promise<void> {
    this.#isDraining = true;
    const held = this.#held;
    if (held) await this.#deps.store.beginDraining(held.incarnation);
  }

  /** Ends the lease in the database before it expires. The sessions of this process must have stopped. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const held = this.#held;
    this.#held = undefined;
    held?.end();
    await this.#running;
    if (held) await this.#deps.store.end(held.incarnation);
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted && !this.#isDraining) {
      const held = await this.#register();
      if (!held) return;
      this.#held = held;
      this.#deps.logger.info({ incarnation: held.incarnation }, 'registered');
      this.#listener?.onHeld(held.incarnation);
      await Promise.all([this.#renew(held), this.#watch(held)]);
    }
  }

  async #register(): Promise<HeldLease | undefined> {
    const { controlPlane, request, logger, clock, timing } = this.#deps;
    for (let attempt = 0; !this.#stop.signal.aborted && !this.#isDraining; attempt += 1) {
      if (!(await this.#storeAnswers())) return undefined;
      const sentAt = clock.monotonic();
      let hasToWait = false;
      try {
        this.#isAsking = true;
        const registration = await controlPlane.register(request, this.#stop.signal);
        return new HeldLease(registration, sentAt, timing.stopAfterMs);
      } catch (error) {
        if (this.#stop.signal.aborted) return undefined;
        hasToWait = isRemoved(error) && !this.#summons.isRecent;
        if (hasToWait)
          logger.error({ err: error }, 'this worker was removed, and asks no more until a gateway asks for it');
        else logger.warn({ err: error, attempt }, 'not registered at the gateway yet, trying again');
      } finally {
        this.#isAsking = false;
      }
      if (hasToWait) {
        await this.#summons.next(this.#stop.signal);
        attempt = -1;
      } else {
        await this.#pause(backoffDelay(attempt, REGISTER_RETRY), this.#stop.signal);
      }
    }
    return undefined;
  }

  /**
   * Waits until PostgreSQL answers this process. A gateway may reach it when this process does not, and would place
   * sessions here that nobody can host until the new lease has run out too.
   *
   * @returns `false`: this process stops, or drains
   */
  async #storeAnswers(): Promise<boolean> {
    const { store, logger, timing } = this.#deps;
    for (let attempt = 0; !this.#stop.signal.aborted && !this.#isDraining; attempt += 1) {
      try {
        await store.reach();
        return true;
      } catch (error) {
        if (attempt === 0)
          logger.warn({ err: error }, 'PostgreSQL does not answer, so this worker does not register until it does');
      }
      await this.#pause(timing.renewEveryMs / RETRIES_PER_RENEWAL, this.#stop.signal);
    }
    return false;
  }

  async #renew(held: HeldLease): Promise<void> {
    const { clock, timing } = this.#deps;
    while (this.#stillHolds(held)) {
      const sentAt = clock.monotonic();
      const next = (await this.#tryRenewal(held, sentAt))
        ? sentAt + timing.renewEveryMs
        : clock.monotonic() + timing.renewEveryMs / RETRIES_PER_RENEWAL;
      await this.#pause(next - clock.monotonic(), held.over);
    }
  }

  /** `false`: there was no good answer in time. A late answer is still applied. */
  #tryRenewal(held: HeldLease, sentAt: number): Promise<boolean> {
    const { store, logger, timing, meter } = this.#deps;
    const load = meter.read();
    const answer = store.renew(held.incarnation, load).then(
      (stillOurs) => {
        if (!stillOurs) this.#lose(held, 'the lease was ended by somebody else, all sessions stop here');
        // An answer after the deadline does not revive the lease: another worker may have taken over.
        if (this.#stillHolds(held)) {
          held.renewed(sentAt);
          // After it: the answer brings what a worker has counted in its lives before.
          this.#heartbeat?.(held, load);
        }
        return true;
      },
      (error: unknown) => {
        logger.warn({ err: error }, 'lease not renewed, trying again');
        return false;
      },
    );
    // Ends with this try: while PostgreSQL refuses at once, tries follow each other within the time of one.
    const waiting = new AbortController();
    const giveUp = () => waiting.abort();
    held.over.addEventListener('abort', giveUp, { once: true });
    const timeout = this.#pause(timing.renewTimeoutMs, waiting.signal).then(() => false);
    return Promise.race([answer, timeout]).finally(() => {
      held.over.removeEventListener('abort', giveUp);
      giveUp();
    });
  }

  /** Ends the lease at its deadline, without a call of {@link isHeld}. */
  async #watch(held: HeldLease): Promise<void> {
    const { clock } = this.#deps;
    while (this.#stillHolds(held)) {
      await this.#pause(held.until - clock.monotonic(), held.over);
    }
  }

  #stillHolds(held: HeldLease): boolean {
    return this.#held === held && this.isHeld();
  }

  #lose(held: HeldLease, sentence: string): void {
    if (this.#held !== held) return;
    this.#held = undefined;
    held.end();
    this.#listener?.onLost();
    this.#deps.logger.error({ incarnation: held.incarnation }, sentence);
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    await this.#deps.clock.sleep(Math.max(ms, 0), signal).catch(() => undefined);
  }
}

const isRemoved = (error: unknown): boolean => error instanceof RefusedError && error.code === 'WORKER_REMOVED';
