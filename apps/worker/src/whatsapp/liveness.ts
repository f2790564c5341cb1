import type { Ownership } from '@wa-gate/cluster';
import type { Clock } from '@wa-gate/kit';

/**
 * Liveness by data. A socket that is open says nothing: WhatsApp, a proxy or a dead route may keep it so while nothing
 * comes through any more, for hours. What counts is when the last frame came. Each connection is asked now and then
 * (the keep-alive that the protocol wants anyway); when it has been silent for longer than that should allow, it is
 * asked once more with a deadline, and without any frame by then it is stale.
 *
 * One timer sweeps over all connections of the worker; a frame costs one timestamp. It takes the place of Baileys'
 * keep-alive, which has a timer per socket, decides by the wall clock (a clock that jumps by 35 s would end every
 * connection at once) and measures nothing.
 */
export interface LivenessTiming {
  sweepEveryMs: number;
  /** Between two keep-alives of a connection; up to a quarter longer, so that they spread. */
  keepAliveEveryMs: number;
  /** How much longer than a keep-alive takes the silence may last before the connection is probed. */
  marginMs: number;
  /** How long the answer to a probe may take; any frame is an answer. */
  probeDeadlineMs: number;
}

/** Silence is noticed within 36 s at the latest. WhatsApp's own clients ask every 20 to 30 s. */
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
   * Stale connections given up per sweep. When the network of a whole worker breaks, its sessions must not all log in
   * again in the same second.
   */
  recyclesPerSweep: number;
  onRoundTrip: (milliseconds: number) => void;
  random?: () => number;
}

/** A connection, as far as its life matters. */
export interface Patient {
  owner: Ownership;
  /** Sends the cheapest query there is. Resolves when it is answered, in whatever way; rejects otherwise. */
  ping: () => Promise<void>;
  /** Nothing has come for so long, and the probe was not answered. The connection is not watched any more. */
  onStale: (silentMs: number) => void;
}

/** The signs of life of one connection. Times are of the monotonic clock. */
export interface Pulse {
  readonly owner: Ownership;
  readonly lastFrameAt: number | undefined;
  /** Of the last ping that was answered. */
  readonly roundTripMs: number | undefined;
  readonly lastAnswerAt: number | undefined;
  /** A frame has come. */
  beat(): void;
  /** The connection is over. */
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
  /** Since then this process has been able to hear. */
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

  /** Watches a connection from its first frame on; until then the deadline of connecting is what counts. */
  watch(patient: Patient): Pulse {
    const pulse: WatchedPulse = new WatchedPulse(patient, this.#deps.clock, () => this.#pulses.delete(pulse));
    this.#pulses.add(pulse);
    return pulse;
  }

  get pulses(): ReadonlySet<Pulse> {
    return this.#pulses;
  }

  /** The longest time that any connection has been silent for, at present. */
  get longestSilenceMs(): number {
    const now = this.#deps.clock.monotonic();
    let longest = 0;
    for (const { lastFrameAt } of this.#pulses) {
      if (lastFrameAt !== undefined) longest = Math.max(longest, now - lastFrameAt);
    }
    return longest;
  }

  /** Looks at every connection once. */
  sweep(): void {
    const now = this.#deps.clock.monotonic();
    const { sweepEveryMs } = this.#deps.timing;
    const late = this.#sweptAt === undefined ? 0 : now - this.#sweptAt - sweepEveryMs;
    this.#sweptAt = now;
    // The process stood still: silence in that time is not the connections'.
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
      // The first is not due at once: a connection that has just opened has work to do.
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
      // No answer: the next sweep sees whether anything else came.
      () => undefined,
    );
  }
}
