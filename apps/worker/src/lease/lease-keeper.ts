import { type ClusterTiming, endLease, type LoadGauges, renewLease } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { backoffDelay, type Clock, type Logger } from '@wa-gate/kit';
import type { LoadMeter } from './load-gauges.ts';
import type { ControlPlane, Heartbeat, Registration, RegistrationRequest } from './registration.ts';

export interface LeaseKeeperDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  timing: ClusterTiming;
  controlPlane: ControlPlane;
  request: RegistrationRequest;
  meter: LoadMeter;
  /** What a heartbeat reports beside the load. */
  counts: () => Pick<Heartbeat, 'sessionCount' | 'messageCount'>;
  /** This process may host sessions, as this incarnation. */
  onHeld: (incarnation: number) => void;
  /** A newer incarnation has registered. Resolves when nothing of this one runs any more; then the worker registers again. */
  onLost: () => Promise<void>;
}

const REGISTER_RETRY = { initialMs: 500, maxMs: 10_000 };
const HEARTBEAT_EVERY_MS = 30_000;

/** Registers this process and keeps its lease: renewed in PostgreSQL, the only place where it counts. */
export class LeaseKeeper {
  readonly #deps: LeaseKeeperDependencies;
  readonly #stop = new AbortController();
  #held: Registration | undefined;
  #load: LoadGauges = { cpuUsage: 0, memoryUsage: 0, eventLoopDelayMs: 0 };
  #running: Promise<void> | undefined;

  constructor(deps: LeaseKeeperDependencies) {
    this.#deps = deps;
  }

  /** The present incarnation; `undefined` while there is none. */
  get incarnation(): number | undefined {
    return this.#held?.incarnation;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the lease now, so that nobody waits for it to expire. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    const held = this.#held;
    this.#held = undefined;
    if (held) await endLease(this.#deps.pool, { workerId: this.#deps.request.workerId, incarnation: held.incarnation });
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const registration = await this.#register();
      if (!registration) return;
      this.#held = registration;
      this.#deps.logger.info({ incarnation: registration.incarnation }, 'registered');
      this.#deps.onHeld(registration.incarnation);
      const lost = await this.#renewUntilLost(registration);
      if (!lost) return;
      this.#held = undefined;
      this.#deps.logger.error('another process has registered under this worker id, all sessions stop here');
      await this.#deps.onLost();
    }
  }

  async #register(): Promise<Registration | undefined> {
    const { controlPlane, request, logger } = this.#deps;
    for (let attempt = 0; !this.#stop.signal.aborted; attempt += 1) {
      try {
        return await controlPlane.register(request);
      } catch (error) {
        logger.warn({ err: error, attempt }, 'not registered at the gateway yet, trying again');
      }
      await this.#pause(backoffDelay(attempt, REGISTER_RETRY));
    }
    return undefined;
  }

  /** `true` when the lease is lost, `false` when this keeper was stopped. */
  async #renewUntilLost({ incarnation, token }: Registration): Promise<boolean> {
    const { pool, clock, logger, timing, meter, request } = this.#deps;
    let nextHeartbeat = 0;
    while (!this.#stop.signal.aborted) {
      this.#load = meter.read();
      try {
        const lease = { workerId: request.workerId, incarnation, ttlMs: timing.leaseTtlMs };
        if (!(await renewLease(pool, lease, this.#load))) return true;
      } catch (error) {
        logger.warn({ err: error }, 'lease not renewed, trying again');
      }
      if (clock.monotonic() >= nextHeartbeat) {
        nextHeartbeat = clock.monotonic() + HEARTBEAT_EVERY_MS;
        void this.#heartbeat(token);
      }
      await this.#pause(timing.renewEveryMs);
    }
    return false;
  }

  /** For the dashboards only: a lost one costs a point in a chart. */
  async #heartbeat(token: string): Promise<void> {
    const { controlPlane, request, counts, logger } = this.#deps;
    const { cpuUsage, memoryUsage } = this.#load;
    const metrics = { ...counts(), cpuUsage, memoryUsage, uptimeSeconds: Math.round(process.uptime()) };
    try {
      await controlPlane.heartbeat(request.workerId, token, metrics);
    } catch (error) {
      logger.debug({ err: error }, 'heartbeat not delivered');
    }
  }

  async #pause(ms: number): Promise<void> {
    await this.#deps.clock.sleep(ms, this.#stop.signal).catch(() => undefined);
  }
}
