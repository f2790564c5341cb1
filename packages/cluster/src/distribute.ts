import type { Network } from '@wa-gate/db';
import type { Candidate } from './candidates.ts';
import { scoreWorker } from './scoring.ts';

/** How placement chooses among workers that have room. */
export type PlacementStrategy = 'least-loaded' | 'round-robin';

const RANK: Record<PlacementStrategy, (candidate: Candidate) => number> = {
  'least-loaded': scoreWorker,
  'round-robin': (candidate) => candidate.lastPlacedAt,
};

const hasRoom = ({ assigned, capacity }: Candidate): boolean => assigned < capacity;

/** How many sessions of a network find a place. */
export function roomFor(candidates: readonly Candidate[], network: Network): number {
  return candidates
    .filter((candidate) => candidate.network === network && hasRoom(candidate))
    .reduce((room, { capacity, assigned }) => room + capacity - assigned, 0);
}

/** The worker that gets the next session of a network; `undefined` when all are full. Equal ones by id. */
function chooseWorker(
  candidates: readonly Candidate[],
  network: Network,
  strategy: PlacementStrategy,
): Candidate | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (candidate.network !== network || !hasRoom(candidate)) continue;
    if (!best || RANK[strategy](candidate) < RANK[strategy](best)) best = candidate;
  }
  return best;
}

/** Gives each session its worker, one after the other, counting what has been given already. */
export function distribute<T>(
  sessions: readonly T[],
  candidates: readonly Candidate[],
  network: Network,
  strategy: PlacementStrategy,
): { session: T; worker: Candidate }[] {
  const loads = candidates.map((candidate) => ({ ...candidate }));
  let turn = Math.max(0, ...loads.map(({ lastPlacedAt }) => lastPlacedAt));
  const given: { session: T; worker: Candidate }[] = [];
  for (const session of sessions) {
    const worker = chooseWorker(loads, network, strategy);
    if (!worker) break;
    given.push({ session, worker: { ...worker } });
    worker.assigned += 1;
    turn += 1;
    worker.lastPlacedAt = turn;
  }
  return given;
}
