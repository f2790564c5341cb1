/**
 * All times of the distributed core, in milliseconds (docs/decisions/0003-lease-and-epoch.md). One object, so that
 * tests can scale it.
 */
export interface ClusterTiming {
  /** How often a worker renews its lease. */
  readonly renewEveryMs: number;
  /** Milliseconds after which one renewal is abandoned and the next one is tried. */
  readonly renewTimeoutMs: number;
  /**
   * A worker that has not renewed for this time, by its own clock, stops its sockets. The time counts from before the
   * last renewal was sent.
   */
  readonly stopAfterMs: number;
  /** The time to stop all sockets. */
  readonly closeBudgetMs: number;
  /** How long a lease is valid in the database. */
  readonly leaseTtlMs: number;
  /** The time after its expiry at which a lease counts as ended, so that a renewal in transit still works. */
  readonly takeoverGraceMs: number;
  /** How often a worker compares its placements with its actors without a doorbell. */
  readonly convergeEveryMs: number;
  /** How often each gateway reads the sessions without an owner, without a doorbell. */
  readonly reconcileEveryMs: number;
}

/** The times would let two workers hold sockets of one session, or a lease could not be kept. */
export class TimingError extends Error {
  override name = 'TimingError';
}

/**
 * Checks the times for I3: a worker that cannot renew has closed every socket before its lease can expire elsewhere.
 *
 * @throws {TimingError} with every violated rule
 */
export function createTiming(overrides: Partial<ClusterTiming> = {}): ClusterTiming {
  const timing: ClusterTiming = { ...DEFAULTS, ...overrides };
  const broken = Object.entries(timing)
    .filter(([, value]) => !(Number.isFinite(value) && value > 0))
    .map(([name, value]) => `${name} must be a positive number, not ${value}`);
  const { renewEveryMs, renewTimeoutMs, stopAfterMs, closeBudgetMs, leaseTtlMs } = timing;
  if (renewEveryMs + renewTimeoutMs >= stopAfterMs)
    broken.push(
      `renewEveryMs + renewTimeoutMs (${renewEveryMs} + ${renewTimeoutMs}) must be less than stopAfterMs (${stopAfterMs})`,
    );
  if (stopAfterMs >= leaseTtlMs)
    broken.push(`stopAfterMs (${stopAfterMs}) must be less than leaseTtlMs (${leaseTtlMs})`);
  if (stopAfterMs + closeBudgetMs > leaseTtlMs)
    broken.push(
      `stopAfterMs + closeBudgetMs (${stopAfterMs} + ${closeBudgetMs}) must not exceed leaseTtlMs (${leaseTtlMs})`,
    );
  if (broken.length) throw new TimingError(`These cluster times cannot work: ${broken.join('; ')}.`);
  return Object.freeze(timing);
}

/** Scales all times for tests: `scaleTiming(1 / 50)` has a lease of 400 ms. */
export function scaleTiming(factor: number, timing: ClusterTiming = DEFAULT_TIMING): ClusterTiming {
  const scaled = Object.entries(timing).map(([name, value]) => [name, value * factor]);
  return createTiming(Object.fromEntries(scaled) as Partial<ClusterTiming>);
}

const DEFAULTS: ClusterTiming = {
  renewEveryMs: 4_000,
  renewTimeoutMs: 2_000,
  stopAfterMs: 14_000,
  closeBudgetMs: 6_000,
  leaseTtlMs: 20_000,
  takeoverGraceMs: 2_000,
  convergeEveryMs: 2_000,
  reconcileEveryMs: 2_000,
};

export const DEFAULT_TIMING: ClusterTiming = createTiming();
