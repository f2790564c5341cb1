export { WEBHOOK_EXAMPLES, WEBHOOK_PAYLOADS, WEBHOOK_SCHEMAS } from './payload.ts';
export { EVENT_TYPES, EVENTS, type EventType, type SessionEvent } from './registry.ts';
export { MIGRATIONS } from './session.ts';
