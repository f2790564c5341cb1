import type { Network } from '@wa-gate/db';
import type { Candidate } from './candidates.ts';
import { scoreWorker } from './scoring.ts';

/** The strategy by which placement chooses among workers with room. */
export type PlacementStrategy = 'least-loaded' | 'round-robin';

const RANK: Record<PlacementStrategy, (candidate: Candidate) => number> = {
  'least-loaded': scoreWorker,
  'round-robin': (candidate) => candidate.lastPlacedAt,
};

const hasRoom = ({ room }: Candidate): boolean => room > 0;

/** The number of sessions of a network that have room. */
export function roomFor(candidates: readonly Candidate[], network: Network): number {
  return candidates
    .filter((candidate) => candidate.network === network && hasRoom(candidate))
    .reduce((sum, { room }) => sum + room, 0);
}

/** The same workers, with room for no more than brings each to `perWorker` sessions that it got lately. */
export const paced = (candidates: readonly Candidate[], perWorker: number): Candidate[] =>
  candidates.map((candidate) => ({
    ...candidate,
    room: Math.min(candidate.room, perWorker - candidate.gotLately),
  }));

/** The worker for the next session of a network; `undefined` when all are full. Ties are broken by id. */
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

/** Assigns a worker to each session in turn, and counts the earlier assignments. */
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
    worker.room -= 1;
    turn += 1;
    worker.lastPlacedAt = turn;
  }
  return given;
}
