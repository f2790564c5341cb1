export { FENCE_MANY, FENCE_ONE, fenceParameters, type Ownership, StaleEpochError } from './fence.ts';
export {
  clearSessionKeys,
  type JournalEntry,
  type KeyEntry,
  type KeyReference,
  type KeyWrite,
  readSessionKeys,
  readSessionKind,
  writeManySessionKeys,
  writeSessionKeys,
} from './key-store.ts';
export {
  type Assignment,
  createPlacement,
  myPlacements,
  type Placement,
  type PlacementStrategy,
  placeSession,
  releaseSession,
  unassignedSessions,
} from './placements.ts';
export { createRouteTable, type Route, type RouteTable, type RouteTableDependencies } from './route-table.ts';
export { scoreWorker, type WorkerLoad } from './scoring.ts';
export { type ClusterTiming, DEFAULT_TIMING } from './timing.ts';
export {
  EndpointTakenError,
  endLease,
  type LoadGauges,
  listWorkers,
  registerWorker,
  renewLease,
  type WorkerRegistration,
  type WorkerView,
} from './workers.ts';
