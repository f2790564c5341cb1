import { beginDraining, type ClusterTiming, endLease, type LoadGauges, renewLease } from '@wa-gate/cluster';
import { createPool, type Pool, type Queryable } from '@wa-gate/db';

/** The lease of this worker in PostgreSQL, the only place where it counts. */
export interface LeaseStore {
  /** `false`: the lease is over, by somebody's word or by a newer incarnation. */
  renew(incarnation: number, load: LoadGauges): Promise<boolean>;
  beginDraining(incarnation: number): Promise<void>;
  end(incarnation: number): Promise<void>;
}

/**
 * Connections for the lease alone, with short time-outs: a renewal waits neither behind messages nor for a server that
 * is silent.
 */
export function createLeasePool(url: string, workerId: string, { renewTimeoutMs }: ClusterTiming): Pool {
  return createPool({
    url,
    name: `worker ${workerId} lease`,
    max: 2,
    statementTimeoutMs: renewTimeoutMs,
    silenceTimeoutMs: renewTimeoutMs,
    connectTimeoutMs: renewTimeoutMs,
  });
}

/** @param db see {@link createLeasePool} */
export function createLeaseStore(
  db: Queryable,
  workerId: string,
  { leaseTtlMs: ttlMs }: { leaseTtlMs: number },
): LeaseStore {
  return {
    renew: (incarnation, load) => renewLease(db, { workerId, incarnation, ttlMs }, load),
    async beginDraining(incarnation) {
      await beginDraining(db, { workerId, incarnation });
    },
    async end(incarnation) {
      await endLease(db, { workerId, incarnation }, 'goodbye');
    },
  };
}
