import { beginDraining, type ClusterTiming, endLease, type LoadGauges, renewLease } from '@wa-gate/cluster';
import { createPool, type Pool, type Queryable } from '@wa-gate/db';

/** The lease of this worker in PostgreSQL, which alone is valid. */
export interface LeaseStore {
  /** `false`: the lease was ended by the gateway or by a newer incarnation. */
  renew(incarnation: number, load: LoadGauges): Promise<boolean>;
  beginDraining(incarnation: number): Promise<void>;
  end(incarnation: number): Promise<void>;
}

/** A separate pool for the lease, with short timeouts: a renewal waits neither for messages nor for a silent server. */
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
