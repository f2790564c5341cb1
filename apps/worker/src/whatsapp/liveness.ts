import type { Ownership } from '@wa-gate/cluster';
import type { Clock } from '@wa-gate/kit';

/**
 * Detects stale connections by the time of the last frame. An open socket proves nothing: WhatsApp, a proxy or a dead
 * route may hold it for hours without data. Each connection gets a keep-alive from time to time, which the protocol
 * requires anyway. After a longer silence it gets a probe with a deadline; without any frame by then it is stale.
 *
 * One timer sweeps over all connections of the worker, and a frame costs one timestamp. It replaces the keep-alive of
 * Baileys, which has a timer per socket, measures nothing, and uses the wall clock (a jump by 35 s would end every
 * connection).
 */
export interface LivenessTiming {
  sweepEveryMs: number;
  /** Milliseconds between two keep-alives of a connection. Up to a quarter is added, so that they spread. */
  keepAliveEveryMs: number;
  /** Milliseconds of silence after a due keep-alive before the connection is probed. */
  marginMs: number;
  /** Milliseconds for the answer to a probe. Any frame counts. */
  probeDeadlineMs: number;
}

/** Detects a silence within 36 s. The clients of WhatsApp send a keep-alive every 20 to 30 s. */
export const LIVENESS_TIMING: LivenessTiming = {
  sweepEveryMs: 1_000,
  keepAliveEveryMs: 20_000,
  marginMs: 5_000,
  probeDeadlineMs: 5_000,
};

export interface LivenessDependencies {
  clock: Clock;
  timing: LivenessTiming;
  /**
   * Stale connections that are cut per sweep. After a network failure of a worker, its sessions must not all log in
   * within one second.
   */
  recyclesPerSweep: number;
  onRoundTrip: (milliseconds: number) => void;
  random?: () => number;
}

/** A watched connection. */
export interface Patient {
  owner: Ownership;
  /** Sends the cheapest query. Resolves with any answer; rejects without one. */
  ping: () => Promise<void>;
  /** The connection is stale: no frame for `silentMs`, and no answer to the probe. It is not watched any more. */
  onStale: (silentMs: number) => void;
}

/** The liveness of one connection. Times are monotonic milliseconds. */
export interface Pulse {
  readonly owner: Ownership;
  readonly lastFrameAt: number | undefined;
  /** The round trip of the last answered ping. */
  readonly roundTripMs: number | undefined;
  readonly lastAnswerAt: number | undefined;
  /** Records a frame. */
  beat(): void;
  /** Ends the watch. */
  end(): void;
}

class WatchedPulse implements Pulse {
  readonly patient: Patient;
  readonly #clock: Clock;
  readonly #end: () => void;
  lastFrameAt: number | undefined;
  roundTripMs: number | undefined;
  lastAnswerAt: number | undefined;
  nextPingAt = 0;
  probedAt: number | undefined;

  constructor(patient: Patient, clock: Clock, end: () => void) {
    this.patient = patient;
    this.#clock = clock;
    this.#end = end;
  }

  get owner(): Ownership {
    return this.patient.owner;
  }

  beat(): void {
    this.lastFrameAt = this.#clock.monotonic();
  }

  end(): void {
    this.#end();
  }
}

export class Liveness {
  readonly #deps: LivenessDependencies;
  readonly #pulses = new Set<WatchedPulse>();
  #timer: NodeJS.Timeout | undefined;
  #sweptAt: number | undefined;
  /** Since when this process has been running without a pause. */
  #hearingSince = 0;

  constructor(deps: LivenessDependencies) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.sweep(), this.#deps.timing.sweepEveryMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Watches a connection from its first frame on. Before it, the deadline of connecting applies. */
  watch(patient: Patient): Pulse {
    const pulse: WatchedPulse = new WatchedPulse(patient, this.#deps.clock, () => this.#pulses.delete(pulse));
    this.#pulses.add(pulse);
    return pulse;
  }

  get pulses(): ReadonlySet<Pulse> {
    return this.#pulses;
  }

  /** The longest present silence of a connection, in milliseconds. */
  get longestSilenceMs(): number {
    const now = this.#deps.clock.monotonic();
    let longest = 0;
    for (const { lastFrameAt } of this.#pulses) {
      if (lastFrameAt !== undefined) longest = Math.max(longest, now - lastFrameAt);
    }
    return longest;
  }

  /** Checks every connection once. */
  sweep(): void {
    const now = this.#deps.clock.monotonic();
    const { sweepEveryMs } = this.#deps.timing;
    const late = this.#sweptAt === undefined ? 0 : now - this.#sweptAt - sweepEveryMs;
    this.#sweptAt = now;
    // The process was paused: the silence of that time does not count.
    if (late > 2 * sweepEveryMs) this.#hearingSince = now;
    let recyclable = this.#deps.recyclesPerSweep;
    for (const pulse of this.#pulses) {
      const { lastFrameAt, probedAt } = pulse;
      // Connecting has a deadline of its own.
      if (lastFrameAt === undefined) continue;
      if (probedAt === undefined || lastFrameAt >= probedAt) this.#ask(pulse, lastFrameAt, now);
      else if (this.#hasHadItsTime(probedAt, now) && recyclable > 0) {
        recyclable -= 1;
        this.#pulses.delete(pulse);
        pulse.patient.onStale(now - lastFrameAt);
      }
    }
  }

  #hasHadItsTime(probedAt: number, now: number): boolean {
    return now - Math.max(probedAt, this.#hearingSince) >= this.#deps.timing.probeDeadlineMs;
  }

  #ask(pulse: WatchedPulse, lastFrameAt: number, now: number): void {
    pulse.probedAt = undefined;
    const { keepAliveEveryMs, marginMs } = this.#deps.timing;
    if (now - lastFrameAt > keepAliveEveryMs * 1.25 + marginMs) {
      pulse.probedAt = now;
      this.#ping(pulse, now);
    } else if (now >= pulse.nextPingAt) {
      // The first ping is not due at once: a connection that has just opened is busy.
      if (pulse.nextPingAt > 0) this.#ping(pulse, now);
      pulse.nextPingAt = now + keepAliveEveryMs * (1 + 0.25 * (this.#deps.random ?? Math.random)());
    }
  }

  #ping(pulse: WatchedPulse, sentAt: number): void {
    pulse.patient.ping().then(
      () => {
        pulse.lastAnswerAt = this.#deps.clock.monotonic();
        pulse.roundTripMs = pulse.lastAnswerAt - sentAt;
        this.#deps.onRoundTrip(pulse.roundTripMs);
      },
      // No answer: the next sweep checks for other frames.
      () => undefined,
    );
  }
}
