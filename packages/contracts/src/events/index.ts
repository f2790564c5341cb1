export {
  LIVE_PAYLOADS,
  LIVE_SCHEMAS,
  WEBHOOK_EXAMPLES,
  WEBHOOK_PAYLOADS,
  WEBHOOK_SCHEMAS,
  WORKER_PAYLOADS,
  WORKER_SCHEMAS,
} from './payload.ts';
export {
  EVENT_TYPES,
  EVENTS,
  type EventType,
  LIVE_EVENT_TYPES,
  LIVE_EVENTS,
  type LiveEvent,
  type LiveEventType,
  type SessionEvent,
  WORKER_EVENT_TYPES,
  type WorkerEventType,
} from './registry.ts';
export { MIGRATIONS } from './session.ts';
export { WORKER_EVENTS } from './worker.ts';
