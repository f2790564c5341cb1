export { isDatabaseUnavailable, isUniqueViolation } from './errors.ts';
export { describeDatabaseFailure } from './failure.ts';
export { Prisma } from './generated/client.ts';
export type {
  DesiredState,
  MessageDirection,
  MessageState,
  MessageType,
  Network,
  OutboxLane,
  OutboxState,
  PlacementState,
  SessionState,
  UserRole,
  UserTier,
  WebhookStatus,
  WorkerAdminState,
  WorkerRuntimeState,
} from './generated/enums.ts';
export { assertMasterKey } from './installation.ts';
export { createPool, inTransaction, type Pool, type PoolClient, type PoolOptions, type Queryable } from './pool.ts';
export { createPrisma, type Database } from './prisma.ts';
