import type { ClusterTiming } from '../timing.ts';
import type { PlacementRow } from './fleet.ts';

/** A lease in the model. */
export interface ModelLease {
  incarnation: number;
  state: 'held' | 'expired' | 'ended';
  /** It expired and returned: other expired leases wait for a while. */
  isRevived: boolean;
}

/** A believed ownership. It is wrong after a change of the placement. */
export interface Belief {
  sessionId: string;
  epoch: number;
}

/**
 * The model of the property test. It applies simple rules to the results of the real functions and is compared with the
 * rows after each step.
 */
export class FleetModel {
  readonly leases = new Map<string, ModelLease>();
  readonly capacities = new Map<string, number>();
  /** Every ownership that was ever granted, including those of zombies. */
  readonly beliefs: Belief[] = [];
  /** The highest epoch that has written, by session. */
  readonly written = new Map<string, number>();
  rows: PlacementRow[];

  constructor(rows: PlacementRow[]) {
    this.rows = rows;
  }

  row(sessionId: string): PlacementRow {
    return this.rows.find((row) => row.sessionId === sessionId)!;
  }

  owns({ sessionId, epoch }: Belief): boolean {
    const row = this.row(sessionId);
    return row.epoch === epoch && row.state !== 'UNASSIGNED';
  }

  room(except?: string): number {
    let room = 0;
    for (const [workerId, lease] of this.leases) {
      if (lease.state !== 'held' || workerId === except) continue;
      const assigned = this.rows.filter((row) => row.workerId === workerId).length;
      room += Math.max(this.capacities.get(workerId)! - assigned, 0);
    }
    return room;
  }

  /**
   * Sessions that could get a worker, if there is room: unassigned, or of a worker whose lease is over and not braked.
   */
  waiting(): string[] {
    const silent = [...this.leases.values()].filter(({ state }) => state === 'expired').length;
    const heard = [...this.leases.values()].filter(({ state }) => state === 'held').length;
    const isStorm = silent >= 3 && silent > heard;
    return this.rows
      .filter(({ state, workerId }) => {
        if (state === 'UNASSIGNED') return true;
        const lease = this.leases.get(workerId!)!;
        const isExplained = [...this.leases].some(([other, { isRevived }]) => isRevived && other !== workerId);
        return lease.state === 'ended' || (lease.state === 'expired' && !isStorm && !isExplained);
      })
      .map(({ sessionId }) => sessionId);
  }

  /**
   * Compares the rows with the former ones and returns the violations of the step. `changes`: the reported placement
   * changes per session; without it, the changes of the rows count.
   */
  step(rows: PlacementRow[], changes?: ReadonlyMap<string, number>): string[] {
    const wrong: string[] = [];
    for (const row of rows) {
      const before = this.row(row.sessionId);
      const hasMoved = row.workerId !== before.workerId || row.incarnation !== before.incarnation;
      const expected = changes ? (changes.get(row.sessionId) ?? 0) : Number(hasMoved);
      if (row.epoch - before.epoch !== expected)
        wrong.push(`I1: ${row.sessionId} went from epoch ${before.epoch} to ${row.epoch} in ${expected} change(s)`);
      if (hasMoved && row.epoch === before.epoch) wrong.push(`I1: ${row.sessionId} has moved under one epoch`);
      if (row.epoch !== before.epoch && row.workerId) this.beliefs.push({ sessionId: row.sessionId, epoch: row.epoch });
      if ((row.state === 'UNASSIGNED') !== (row.workerId === null))
        wrong.push(`state and owner of ${row.sessionId} differ`);
    }
    for (const [workerId, capacity] of this.capacities) {
      const assigned = rows.filter((row) => row.workerId === workerId).length;
      if (assigned > capacity) wrong.push(`I9: ${workerId} has ${assigned} sessions of ${capacity}`);
    }
    this.rows = rows;
    return wrong;
  }
}

/** Milliseconds by which a lease is dated back to count as expired. Less than the brake looks back. */
export const expiredForMs = (timing: ClusterTiming): number => timing.takeoverGraceMs + 1_000;
