export { EVENT_TYPES, type EventType } from '@wa-gate/contracts';
export { type Acceptance, type AcceptedMessage, acceptMessage } from './accept.ts';
export {
  GATEWAY_FRAMES,
  type GatewayFrame,
  MAX_CONTROL_FRAME_BYTES,
  readFrame,
  WORKER_FRAMES,
  type WorkerFrame,
  type WorkerLoadReport,
} from './control-frames.ts';
export {
  countDueDeliveries,
  type DeliveryResult,
  type DueDelivery,
  disableWebhook,
  dueDeliveries,
  type LeasedWebhook,
  leaseDueWebhooks,
  recordDeliveries,
  releaseWebhook,
} from './deliveries.ts';
export { type Appended, type AppendedEvent, appendControlEvent } from './events.ts';
export { notifyReconcilers, notifySession, notifyWorker, publishHints, type SessionHint } from './hints.ts';
export { hashRequest, type IdempotencyKeys } from './idempotency.ts';
export { type InboundMessage, type Projected, type StoredInbound, storeInbound } from './inbound.ts';
export { SQL_INVARIANTS, type SqlInvariant } from './invariant-queries.ts';
export {
  checkInvariant,
  findViolations,
  type InvariantBounds,
  type InvariantFinding,
} from './invariants.ts';
export { findJournalled, JOURNAL_DAYS, type JournalRow, readUnprojected, sweepJournal } from './journal.ts';
export { ALL_MESSAGE_USAGE, countCompleteHours, keepMessageCounts } from './message-usage.ts';
export {
  beginAttempt,
  claimOutbox,
  countQueuedMessages,
  findOutboxPayload,
  inspectOutbox,
  type OutboxItem,
  type OutboxState,
  type ReturnedRow,
  returnOutbox,
} from './outbox.ts';
export { type Outcome, type RecordedOutcomes, recordOutcomes } from './outcomes.ts';
export { createWebhookDoorbell, QUEUE_NAMES, type WebhookDoorbell } from './queues.ts';
export { isHeldBack, newChatsHeldUntil } from './reachout.ts';
export {
  newPayloadSweep,
  PAYLOAD_DAYS,
  type PayloadSweep,
  QR_HISTORY_DAYS,
  sweepIdempotencyKeys,
  sweepPayloads,
  sweepQrHistory,
} from './retention.ts';
export { recordSessionsSeen, type SeenSession } from './session-seen.ts';
export { type Restriction, type SessionUpdate, updateSessionState } from './session-state.ts';
export { newWaMessageId } from './wa-message-id.ts';
