import type { ClusterTiming } from './timing.ts';

const interval = (ms: number): string => `${ms} * interval '1 ms'`;

const YOUNG_MS = 60_000;

/** Leases count as lost in one outage when their last renewals are within one round of renewals. */
const together = (timing: ClusterTiming): string => interval(timing.renewEveryMs + timing.renewTimeoutMs);

/**
 * CTE `leases`: every lease with its states by the clock of the database (I12). The times are validated numbers of this
 * code, so they are part of the text.
 *
 * - `is_over`: its sessions may be taken over; ended by goodbye or evidence, or expired for longer than the grace
 * - `is_heard`: renewed within the time after which a worker stops its own sockets; only such a worker gets new
 * sessions
 * - `is_silent`: neither ended nor heard, for at most one TTL beyond the grace; the storm brake counts these
 * - `is_young`: its process has just started and logs its sessions in, so its processor load is no measure
 * - `is_explained`: not ended, and silent since the same time as one that returned within the last TTL
 */
export const leaseStates = (timing: ClusterTiming): string => `leases AS (
  SELECT worker_id, incarnation, runtime_state, started_at, cpu_usage, memory_usage, event_loop_delay_ms,
    started_at > now() - ${interval(YOUNG_MS)} AS is_young,
    CASE WHEN ended_at IS NULL THEN 'lease expired' ELSE coalesce(ended_reason, '') END AS cause,
    ended_at IS NOT NULL OR expires_at < now() - ${interval(timing.takeoverGraceMs)} AS is_over,
    ended_at IS NULL AND expires_at > now() + ${interval(timing.leaseTtlMs - timing.stopAfterMs)} AS is_heard,
    ended_at IS NULL AND expires_at <= now() + ${interval(timing.leaseTtlMs - timing.stopAfterMs)}
      AND expires_at > now() - ${interval(timing.takeoverGraceMs + timing.leaseTtlMs)} AS is_silent,
    ended_at IS NULL AND expires_at < now() AND EXISTS (
      SELECT 1 FROM worker_leases r
      WHERE r.worker_id <> l.worker_id AND r.revived_at > now() - ${interval(timing.leaseTtlMs)}
        AND l.renewed_at BETWEEN r.silent_since - ${together(timing)} AND r.silent_since + ${together(timing)}
    ) AS is_explained
  FROM worker_leases l
)`;

/** `is_over` as above, for a statement about one worker. */
export const leaseIsOver = (lease: string, timing: Pick<ClusterTiming, 'takeoverGraceMs'>): string =>
  `(${lease}.ended_at IS NOT NULL OR ${lease}.expires_at < now() - ${interval(timing.takeoverGraceMs)})`;
