import type { Static } from 'typebox';
import { BROADCAST_EVENTS } from './broadcast.ts';
import { CALL_EVENTS } from './call.ts';
import { CHANNEL_EVENTS } from './channel.ts';
import { CHAT_EVENTS } from './chat.ts';
import { CONTACT_EVENTS } from './contact.ts';
import { ENGINE_EVENTS } from './engine.ts';
import { GROUP_EVENTS } from './group.ts';
import { HISTORY_EVENTS } from './history.ts';
import { LABEL_EVENTS } from './label.ts';
import { MEDIA_EVENTS } from './media.ts';
import { MESSAGE_EVENTS } from './message.ts';
import { PRESENCE_EVENTS } from './presence.ts';
import { SESSION_EVENTS } from './session.ts';
import { WORKER_EVENTS } from './worker.ts';

/** The registry: every event of a session that is kept in the log, by its name. */
export const EVENTS = {
  ...MESSAGE_EVENTS,
  ...MEDIA_EVENTS,
  ...SESSION_EVENTS,
  ...CONTACT_EVENTS,
  ...CHAT_EVENTS,
  ...LABEL_EVENTS,
  ...HISTORY_EVENTS,
  ...GROUP_EVENTS,
  ...CHANNEL_EVENTS,
  ...CALL_EVENTS,
  ...BROADCAST_EVENTS,
};

export type EventType = keyof typeof EVENTS;
type EventData<K extends EventType> = Static<(typeof EVENTS)[K]['data']>;

/** The name of an event and its `data`. */
export type SessionEvent = { [K in EventType]: { type: K; data: EventData<K> } }[EventType];

/** Names of the events. Webhooks subscribe to them; `*` means all. */
export const EVENT_TYPES = Object.keys(EVENTS) as EventType[];

/**
 * Events of which nothing is kept: they go to the streams that name them, and to nobody else. A webhook is sent from
 * the log, again and again until it has taken the event; by then these are wrong.
 */
export const LIVE_EVENTS = { ...PRESENCE_EVENTS, ...ENGINE_EVENTS };

export type LiveEventType = keyof typeof LIVE_EVENTS;
export type LiveEvent = {
  [K in LiveEventType]: { type: K; data: Static<(typeof LIVE_EVENTS)[K]['data']> };
}[LiveEventType];

export const LIVE_EVENT_TYPES = Object.keys(LIVE_EVENTS) as LiveEventType[];

/** What streams can be asked for. */
export const STREAMED_EVENT_TYPES = [...EVENT_TYPES, ...LIVE_EVENT_TYPES] as const;

export type WorkerEventType = keyof typeof WORKER_EVENTS;
export const WORKER_EVENT_TYPES = Object.keys(WORKER_EVENTS) as WorkerEventType[];
