export {
  assertSameDatabase,
  assertSessions,
  type DatabaseEnvironment,
  DatabaseUrlError,
  type DatabaseUrls,
  readDatabaseUrls,
  sessionUrl,
  settleTls,
} from './database-urls.ts';
export { isConflict, isDatabaseUnavailable, isDataRefused, isTimedOut, isUniqueViolation } from './errors.ts';
export { describeDatabaseFailure } from './failure.ts';
export type { Prisma } from './generated/client.ts';
export type {
  ApiKeyScope,
  DesiredState,
  LogLevel,
  MailTokenPurpose,
  MessageDirection,
  MessageState,
  Network,
  OutboxLane,
  OutboxState,
  PlacementState,
  QrStatus,
  SessionState,
  UserRole,
  UserTier,
  WebhookStatus,
  WorkerAdminState,
  WorkerRuntimeState,
  WorkspaceRole,
} from './generated/enums.ts';
export {
  assertKeyCheck,
  assertMasterKey,
  MESSAGE_KEY_BOX,
  type RecordForm,
  readMessageKey,
  readRecordForm,
  rekeyInstallation,
} from './installation.ts';
export { likeAnywhere } from './like-anywhere.ts';
export {
  createPool,
  inTransaction,
  type Pool,
  type PoolClient,
  type PoolOptions,
  type Queryable,
  type TransactionLimits,
} from './pool.ts';
export { createPrisma, type Database, type LazyDatabase } from './prisma.ts';
export {
  createSystemLogSink,
  type SystemLogCounts,
  type SystemLogSink,
  type SystemLogSinkOptions,
} from './system-log-sink.ts';
export { watchPool } from './watch-pool.ts';
