export { createEventStreams, type EventStreams } from './event-streams.ts';
export { eventIdPrefix, presentEvent } from './present-event.ts';
