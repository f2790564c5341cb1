export { createEventStreams, type EventStreams } from './event-streams.ts';
export { STREAM_KINDS } from './open-streams.ts';
export { eventIdPrefix, presentEvent } from './present-event.ts';
export { sweepWorkerEvents } from './worker-event-log.ts';
