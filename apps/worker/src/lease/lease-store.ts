import { beginDraining, endLease, type LoadGauges, renewLease } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';

/** The lease of this worker in PostgreSQL, the only place where it counts. */
export interface LeaseStore {
  /** `false`: the lease is over, by somebody's word or by a newer incarnation. */
  renew(incarnation: number, load: LoadGauges): Promise<boolean>;
  beginDraining(incarnation: number): Promise<void>;
  end(incarnation: number): Promise<void>;
}

/** `db`: connections of its own, with short time-outs. A renewal waits neither behind messages nor for a server that is silent. */
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
