/** All times of the distributed core, in milliseconds (DESIGN 2.5). One object, so that tests can scale it. */
export interface ClusterTiming {
  /** How often a worker renews its lease. */
  renewEveryMs: number;
  /** How long a lease is valid in the database. */
  leaseTtlMs: number;
  /** How often a worker compares its placements with its actors when no doorbell rings. */
  convergeEveryMs: number;
  /** How often each gateway looks for sessions without an owner when no doorbell rings. */
  reconcileEveryMs: number;
}

export const DEFAULT_TIMING: Readonly<ClusterTiming> = Object.freeze({
  renewEveryMs: 4_000,
  leaseTtlMs: 20_000,
  convergeEveryMs: 2_000,
  reconcileEveryMs: 2_000,
});
