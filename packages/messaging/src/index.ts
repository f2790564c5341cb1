export { type CallNews, recordCall, sweepCalls } from './calls/calls.ts';
export {
  type NamedMessages,
  presentChatSettings,
  type StoredChatSettings,
  type StoredLabel,
} from './chats/settings-after.ts';
export {
  SETTINGS_COLLECTIONS,
  type SettingsCollection,
  type SettingsPage,
  type SharedSetting,
} from './chats/shared-setting.ts';
export {
  CHAT_SETTINGS_COLUMNS,
  type ChatRead,
  readLabels,
  readSettingsProgress,
  type SettingsStored,
  storeChatReads,
  storeSettings,
} from './chats/store-settings.ts';
export { type ConnectionPlan, readConnectionPlan } from './connecting/connection-plan.ts';
export {
  type ConnectionOutcome,
  forgetRelink,
  recordConnection,
  rollBackCandidate,
} from './connecting/connection-record.ts';
export { HAS_ACCEPTED, HAS_REFUSED } from './connecting/trial-sql.ts';
export { type ContactFact, isLidJid, isNumberJid, isPersonJid, type NameKind } from './contacts/contact-fact.ts';
export { eraseContact } from './contacts/erase.ts';
export { readIdentities, type ToldNames } from './contacts/identities.ts';
export { identityOf, namesOf } from './contacts/identity-sql.ts';
export { type Learnt, learnContacts, touchContacts } from './contacts/learn.ts';
export { findContactMerges, type PublishedMerges, publishContactMerges } from './contacts/merges.ts';
export { readShownNames } from './contacts/shown-names.ts';
export { otherSpellings } from './contacts/spellings.ts';
export {
  claimDeletion,
  DELETION_DAYS,
  type DeletionRow,
  deletionOf,
  endPass,
  findDeletion,
  isBeingDeleted,
  noteProgress,
  noteRemoved,
  type OpenDeletion,
  postponeDeletion,
  requestDeletion,
  sweepDeletions,
  withdrawDeletion,
} from './deletions/deletions.ts';
export { type ErasedPart, type ErasePosition, erasePart } from './deletions/erase-part.ts';
export { DELETION_KINDS, type DeletionKind, ERASED_TABLES } from './deletions/erased-tables.ts';
export {
  type DeliveryResult,
  type DueDelivery,
  disableWebhook,
  giveUpOverdue,
  type LeaseChange,
  type LeasedWebhook,
  leaseWebhooks,
  RELIES_ON_CURSOR,
  readBacklogs,
  readRetries,
  readUndelivered,
  type StoredBreaker,
  WAITING_DELIVERIES,
  WEBHOOK_LEASE_MARGIN_MS,
  WEBHOOK_LEASE_MS,
  type WebhookBacklog,
  type WebhookProgress,
  type WrittenWebhook,
  writeDeliveries,
} from './deliveries/deliveries.ts';
export { type Replay, type Replayed, replayDeliveries } from './deliveries/replay.ts';
export { appendControlEvent } from './events/append-control-event.ts';
export {
  APPEND_EVENTS,
  APPENDED_COLUMNS,
  type Appended,
  type AppendedEvent,
  metadataOf,
  type WantingWebhook,
  wantsEvent,
} from './events/append-events.ts';
export { appendNoticedEvents, type NoticedEvent } from './events/noticed-events.ts';
export { firstIdOf } from './first-id.ts';
export {
  doubtGroups,
  type GroupRow,
  readGroup,
  storeGroupGone,
  storeGroups,
  type ToldGroup,
  tellOfGroup,
} from './groups/groups.ts';
export {
  acceptHistoryChunk,
  type ConnectionHistory,
  claimHistoryChunk,
  type FinishedChunk,
  findWaitingHistory,
  finishHistoryChunk,
  HISTORY_CHUNK_KINDS,
  type HistoryChunk,
  type HistoryChunkKind,
  type HistoryNotice,
  type HistoryReference,
  historyDepthFor,
  keepHistorySlot,
  linkedWithHistory,
  postponeHistoryChunk,
} from './history/chunks.ts';
export {
  claimGapRequest,
  findOpenGaps,
  type GapAnchor,
  type GapPace,
  type GapRequest,
  lookForGapChats,
  putBackGapRequest,
} from './history/gaps.ts';
export { type HistoryBatch, type HistoryMessage, storeHistory } from './history/store-history.ts';
export {
  type AppliedChanges,
  applyChanges,
  CHANGE_WAITING_DAYS,
  findSecrets,
  type InboundChange,
  type SecretOfTarget,
  sweepWaitingChanges,
  takeWaitingChanges,
} from './inbound/changes.ts';
export { type ChatTimer, readChatTimers, storeChatTimers } from './inbound/chat-timers.ts';
export { type InboundMessage, type Projected, type StoredInbound, storeInbound } from './inbound/inbound.ts';
export { findJournalled, JOURNAL_DAYS, type JournalRow, readUnprojected, sweepJournal } from './inbound/journal.ts';
export { SQL_INVARIANTS, type SqlInvariant } from './invariants/invariant-queries.ts';
export {
  checkInvariant,
  findViolations,
  type InvariantBounds,
  type InvariantFinding,
} from './invariants/invariants.ts';
export {
  type ConcludedDownload,
  type ConcludedDownloads,
  concludeDownloads,
} from './media/conclude-downloads.ts';
export {
  claimDownloads,
  type Download,
  type DownloadRoom,
  findLostMedia,
  inspectDownloads,
  postponeDownload,
  relocateMedia,
  requestDownload,
} from './media/downloads.ts';
export { findMediaFile, type MediaFile, partKeyOf, STORED_FILES, storageKeyOf } from './media/files.ts';
export { keepBytes, keepMedia, type LooseBytes } from './media/keep-bytes.ts';
export {
  type FileOfBytes,
  findMedia,
  findMediaOfMessages,
  insertReadyMedia,
  MEDIA_COLUMNS,
  MEDIA_TABLES,
  type MediaDirection,
  type MediaRow,
  type MediaStatus,
  type NewMedia,
} from './media/media.ts';
export { assertMediaStore } from './media/registered-store.ts';
export { shownMedia } from './media/shown-media.ts';
export {
  compareMediaStore,
  compareMediaStoreInTurn,
  expireMedia,
  newFileSweep,
  removeUnusedFile,
  type StoreSweep,
  sweepResumableUploads,
  sweepUnusedFiles,
} from './media/sweeps.ts';
export { findUpload, forgetUpload, recordUpload, sweepUploads } from './media/uploads.ts';
export { type MediaUsage, readMediaUsage } from './media/usage.ts';
export type { InboundFile, MediaFacts, WhatsAppFile, WhatsAppReference } from './media/whatsapp-file.ts';
export {
  CHAT_TOTALS,
  countedColumns,
  countMessageStatistics,
  HAS_FAILED,
  millisecondsAt,
  type StatisticUnit,
  TOTALS,
  WAS_SENT,
} from './message-statistics.ts';
export { ALL_MESSAGE_USAGE, countCompleteHours, keepMessageCounts } from './message-usage.ts';
export { acceptMessage } from './outbox/accept.ts';
export { acceptAtOwner, type ConditionalKeyWrite, type OwnerAcceptance } from './outbox/accept-at-owner.ts';
export { type AcceptedChange, acceptChange, type ChangeAcceptance } from './outbox/accept-change.ts';
export { acceptMessages } from './outbox/accept-many.ts';
export type { Acceptance, AcceptedMessage, AcceptedPart, Schedule } from './outbox/acceptance.ts';
export { findEarlierUse, hashRequest, type IdempotencyKeys, type UsedKeys } from './outbox/idempotency.ts';
export { isPaced, laneOf, PACED_LANES, type Priority, priorityOf } from './outbox/lanes.ts';
export { leavePreviewPictureOut } from './outbox/leave-picture-out.ts';
export { moveChat } from './outbox/move-chat.ts';
export {
  beginAttempt,
  claimOutbox,
  findOutboxPayload,
  inspectOutbox,
  type OutboxItem,
  type OutboxRequest,
  type OutboxState,
  type ReturnedRow,
  returnOutbox,
  storePayload,
} from './outbox/outbox.ts';
export { type Outcome, type RecordedOutcomes, recordOutcomes } from './outbox/outcomes.ts';
export {
  type ChangeOutcome,
  type ChangeTarget,
  failChanges,
  findChangeTarget,
  readOwnChanges,
} from './outbox/own-changes.ts';
export {
  cancelMessage,
  cancelMessages,
  type Ended,
  endExpired,
  type MoveOutcome,
  moveScheduled,
} from './outbox/unsent.ts';
export { isWaMessageIdTaken, newWaMessageId } from './outbox/wa-message-id.ts';
export {
  type AdmissionView,
  admitHeld,
  findHeld,
  type HeldView,
  readAdmission,
  readHeld,
} from './pacing/admission.ts';
export { dayOf, instantOf, isTimeZone, type LocalInstant } from './pacing/local-time.ts';
export {
  type Decision,
  dayOfSession,
  decide,
  gapOf,
  type HeldMessage,
  type PacedSession,
  type PacedWait,
  risksOf,
  waitOf,
} from './pacing/policy.ts';
export { isWithinHours } from './pacing/weekly-hours.ts';
export {
  countStaleSessions,
  RECOVERY_KINDS,
  type Recovery,
  type RecoveryKind,
  recoverInstallation,
} from './recovery/recover.ts';
export {
  newPayloadSweep,
  PAYLOAD_DAYS,
  type PayloadSweep,
  QR_HISTORY_DAYS,
  sweepIdempotencyKeys,
  sweepPayloads,
  sweepQrHistory,
} from './retention.ts';
export {
  type Assessment,
  assessSession,
  claimAssessments,
  type DueAssessment,
  sweepRiskHistory,
} from './risk/assessments.ts';
export { readRiskFigures } from './risk/figures.ts';
export { GUARD_COLUMNS, type GuardColumns, guardThreshold, isGuarded } from './risk/guard.ts';
export { type RiskFigures, type RiskScore, riskLevel, scoreRisk } from './risk/score.ts';
export { isHeldBack, mayBeginNoChats, newChatsHeldUntil } from './sessions/reachout.ts';
export { recordSessionsSeen, type SeenSession } from './sessions/session-seen.ts';
export { type Restriction, type SessionUpdate, updateSessionState } from './sessions/session-state.ts';
export {
  type Answer,
  fromOffer,
  GATEWAY_FRAMES,
  type GatewayFrame,
  MAX_CONTROL_FRAME_BYTES,
  type OfferedMessage,
  type Question,
  readFrame,
  type ToldEvent,
  toOffer,
  WORKER_FRAMES,
  type WorkerFrame,
  type WorkerLoadReport,
} from './signals/control-frames.ts';
export {
  hintsOf,
  notifyReconcilers,
  notifySession,
  notifyWorker,
  publishDeliveries,
  publishHints,
  type SessionHint,
} from './signals/hints.ts';
export { type QueueFigures, type QueueScope, readQueueFigures, readQueueStates } from './signals/queue-figures.ts';
export { createWebhookDoorbell, QUEUE_NAMES, type WebhookDoorbell } from './signals/queues.ts';
