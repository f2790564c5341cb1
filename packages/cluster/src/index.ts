export {
  type ExpectedWorker,
  expectWorker,
  NoRoomElsewhereError,
  type RemovedWorker,
  removeWorker,
  setCapacity,
  WorkerExistsError,
  WorkerNotEmptyError,
} from './administration.ts';
export { type PlaceOptions, type PlaceResult, placeSession, placeSessions } from './assign.ts';
export { type FleetSurvey, type ScalingSignal, scalingSignal, surveyFleet } from './autoscaling.ts';
export type { GoneWorker } from './brake.ts';
export { compactJson } from './compact-record.ts';
export type { PlacementStrategy } from './distribute.ts';
export { drainRound } from './drain.ts';
export {
  FENCE_MANY,
  FENCE_MANY_OF_ANY_LENGTH,
  FENCE_ONE,
  fenceParameters,
  type Ownership,
  ofAnyLength,
  StaleEpochError,
} from './fence.ts';
export {
  beginRelease,
  type HandedOver,
  handOverMany,
  keepSession,
  type Released,
  type ReleaseReason,
} from './handover.ts';
export { decodeKey, encodeKey } from './key-codec.ts';
export {
  clearSessionKeys,
  type JournalEntry,
  type KeyEntry,
  type KeyReference,
  type KeyWrite,
  keyWriteValues,
  type RatchetStep,
  readSessionKeys,
  readSessionKind,
  readSessionKindPage,
  stepValues,
  WRITE_KEYS_WITH_MESSAGE,
  writeManySessionKeys,
  writeSteps,
} from './key-store.ts';
export { leaseIsOver } from './lease-states.ts';
export {
  beginDraining,
  endLease,
  type Incarnation,
  type LoadGauges,
  renewLease,
  renewLeaseCounting,
  storeMessageCount,
} from './leases.ts';
export {
  type Assignment,
  type AssignmentReason,
  createPlacement,
  myPlacements,
  type Placement,
  releaseSession,
} from './placements.ts';
export { type RebalanceOptions, rebalanceRound } from './rebalance.ts';
export { hasStaleKeys, leapOwnership, markKeysStale, OWNERSHIP_LEAP, settleStaleKeys } from './recovery.ts';
export {
  EndpointTakenError,
  type FormerLife,
  LeaseHeldError,
  registerWorker,
  type WorkerRegistration,
  WorkerRemovedError,
} from './registration.ts';
export { createRouteTable, type Route, type RouteTable, type RouteTableDependencies } from './route-table.ts';
export { type JournalHalf, journalContext, SESSION_KEYS_BOX, sessionKeyContext } from './sealing.ts';
export { splitRecord } from './split-record.ts';
export { type ClusterTiming, createTiming, DEFAULT_TIMING, scaleTiming, TimingError } from './timing.ts';
export { noteWorkerChanges } from './worker-events.ts';
export {
  type LeasedWorker,
  listWorkers,
  setWorkerAdminState,
  type WorkerView,
  workersWithLease,
} from './workers.ts';
