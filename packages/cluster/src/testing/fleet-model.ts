import type { ClusterTiming } from '../timing.ts';
import type { PlacementRow } from './fleet.ts';

/** What the model knows of a lease. */
export interface ModelLease {
  incarnation: number;
  state: 'held' | 'expired' | 'ended';
  /** Had expired and came back: the others that expired wait for a while. */
  isRevived: boolean;
}

/** Somebody who believes to own a session; after a change of the placement, wrongly. */
export interface Belief {
  sessionId: string;
  epoch: number;
}

/**
 * What the property test believes about the fleet, kept by simple rules from the answers of the real functions, and
 * compared with the rows after each step.
 */
export class FleetModel {
  readonly leases = new Map<string, ModelLease>();
  readonly capacities = new Map<string, number>();
  /** Everybody who was ever told to own a session: zombies go on believing it. */
  readonly beliefs: Belief[] = [];
  /** By session, the highest epoch under which an owner has written. */
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
   * Takes the rows as they are now, and says what is wrong with the step from the former ones. `changes`: how many
   * placement changes were reported for a session; without it, what the rows show is taken for it.
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

/** How far back a lease is moved to count as expired, but not for longer than the brake looks back. */
export const expiredForMs = (timing: ClusterTiming): number => timing.takeoverGraceMs + 1_000;
