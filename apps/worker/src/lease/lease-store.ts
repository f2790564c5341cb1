import {
  beginDraining,
  type ClusterTiming,
  endLease,
  type LoadGauges,
  renewLeaseCounting,
  storeMessageCount,
} from '@wa-gate/cluster';
import { createPool, type Pool, type Queryable } from '@wa-gate/db';
import type { MessageCount } from './message-count.ts';

/** The lease of this worker in PostgreSQL, which alone is valid. */
export interface LeaseStore {
  /** Rejects when PostgreSQL does not answer this worker in time. */
  reach(): Promise<void>;
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

/**
 * @param db see {@link createLeasePool}
 * @param messages counted with the renewals; none in tests of other things
 */
export function createLeaseStore(
  db: Queryable,
  workerId: string,
  { leaseTtlMs: ttlMs }: { leaseTtlMs: number },
  messages?: MessageCount,
): LeaseStore {
  return {
    async reach() {
      await db.query('SELECT 1');
    },
    async renew(incarnation, load) {
      const lease = { workerId, incarnation, ttlMs };
      const renewed = await renewLeaseCounting(db, lease, load, messages?.known() ?? 0);
      if (renewed) messages?.stored(renewed.messageCount);
      return renewed !== null;
    },
    async beginDraining(incarnation) {
      await beginDraining(db, { workerId, incarnation });
    },
    async end(incarnation) {
      if (messages) await storeMessageCount(db, { workerId, incarnation }, messages.known());
      await endLease(db, { workerId, incarnation }, 'goodbye');
    },
  };
}
