export { type ApiClient, createApiClient } from './api-client.ts';
export type { RequestInput } from './calls.ts';
export { type Client, createClient } from './client.ts';
export { type ApiErrorCode, type ErrorCode, isWaGateError, WaGateError } from './errors.ts';
export type {
  EventName,
  EventStream,
  Pairing,
  PairingOptions,
  StreamedEvent,
  StreamOptions,
  WaGateEvent,
  WebhookPayload,
} from './event-stream.ts';
export type { CallOptions, Input, OperationId, Output, Schemas } from './operation.ts';
export type { MediaSource, SendOptions, SendRequest, SendResult, SessionHandle } from './session.ts';
export type { WaGateOptions } from './transport.ts';
export type { FileBytes, UploadedMedia, UploadOptions } from './upload.ts';
export type { Message, MessageProgress, SessionStatus, SessionStatusName, WaitOptions } from './waiting.ts';
export { type GivenHeaders, verifyWebhook, type WebhookVerification, WebhookVerificationError } from './webhook.ts';
