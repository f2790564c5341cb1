export {
  type LoginRequest,
  LoginRequestSchema,
  LoginResultSchema,
  MeResultSchema,
  type RegisterRequest,
  RegisterRequestSchema,
  RegisterResultSchema,
  USER_ROLES,
  USER_TIERS,
  type User,
  UserSchema,
} from './auth.ts';
export {
  ERROR_CODES,
  ERRORS,
  type ErrorBody,
  type ErrorCode,
  type ErrorDefinition,
  ErrorDescriptionSchema,
  ErrorSchema,
  type ProblemDetails,
} from './errors.ts';
export { EVENT_DATA, EVENT_TYPES, type EventType, type WebhookPayload, WebhookPayloadSchema } from './events.ts';
export { HEALTH_STATUSES, HealthSchema, ProbeSchema } from './health.ts';
export { LIMITS } from './limits.ts';
export {
  describeMessageState,
  MESSAGE_STATE_STATUS,
  MESSAGE_STATES,
  MESSAGE_STATUSES,
  type MessageStateName,
  type MessageStatus,
  messageStatesOf,
  type PublicMessageState,
} from './message-states.ts';
export {
  IDEMPOTENCY_KEY_PATTERN,
  ListMessagesQuerySchema,
  ListMessagesResultSchema,
  MESSAGE_TYPES,
  type Message,
  MessageParamsSchema,
  MessageSchema,
  SENDABLE_TYPES,
  SendHeadersSchema,
  SendQuerySchema,
  type SendRequest,
  SendRequestSchema,
  type SendResult,
  SendResultSchema,
  WAIT_FOR,
  type WaitFor,
} from './messages.ts';
export { CursorPaginationSchema, cursorQuery, PaginationSchema, pageQuery } from './paging.ts';
export {
  RATE_LIMIT_NAMES,
  RATE_LIMITS,
  type RateLimitDefinition,
  type RateLimitName,
  type RateLimitSubject,
} from './rate-limits.ts';
export { nullable, oneOf, requestBody, success, timestamp } from './schema.ts';
export {
  describeSessionState,
  PAIRING_STATES,
  type PublicSessionState,
  SESSION_STATE_STATUS,
  SESSION_STATES,
  SESSION_STATUSES,
  type SessionStateName,
  type SessionStatus,
} from './session-states.ts';
export {
  type ConnectionHealth,
  ConnectionHealthSchema,
  type CreateSessionRequest,
  CreateSessionRequestSchema,
  CreateSessionResultSchema,
  DeleteSessionResultSchema,
  ListSessionsQuerySchema,
  type MessageCapping,
  NETWORKS,
  PairingCodeRequestSchema,
  PairingCodeSchema,
  type PairingEvent,
  PairingEventSchema,
  QR_FORMATS,
  QrQuerySchema,
  QrSchema,
  SESSION_SLUG_PATTERN,
  type Session,
  SessionActionSchema,
  SessionHealthSchema,
  SessionParamsSchema,
  SessionSchema,
  SessionStatusSchema,
} from './sessions.ts';
export {
  TIMELINE_STEPS,
  type Timeline,
  type TimelineDelivery,
  type TimelineEntry,
  TimelineSchema,
  type Wait,
} from './timeline.ts';
export {
  type Webhook,
  type WebhookRequest,
  WebhookRequestSchema,
  WebhookSchema,
  WebhookWithSecretSchema,
} from './webhooks.ts';
export {
  type HeartbeatRequest,
  HeartbeatRequestSchema,
  type RegisterWorkerRequest,
  RegisterWorkerRequestSchema,
  RegisterWorkerResultSchema,
  WORKER_ACTIONS,
  WORKER_STATES,
  WORKER_STATUSES,
  type Worker,
  type WorkerAction,
  WorkerParamsSchema,
  WorkerSchema,
  type WorkerState,
} from './workers.ts';
export {
  PERMISSION_TEXTS,
  PERMISSIONS,
  type Permission,
  ROLE_PERMISSIONS,
  WORKSPACE_ROLES,
  type WorkspaceRoleName,
  workspaceRole,
  workspaceRoleInput,
  workspaceRoleOf,
} from './workspace-roles.ts';
