export { WEBHOOK_PAYLOADS, WEBHOOK_SCHEMAS, type WebhookPayload } from './payload.ts';
export { EVENT_TYPES, EVENTS, type EventData, type EventType, type SessionEvent } from './registry.ts';
export { MIGRATIONS } from './session.ts';
