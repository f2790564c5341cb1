import { EVENT_TYPES, type EventType, LIVE_EVENT_TYPES, type LiveEventType } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import type { StoredEvent } from './present-event.ts';

/** The name of an event of the log, or of one that is not kept. */
type StreamedType = EventType | LiveEventType;

/** Which events a stream shows. */
export interface EventFilter {
  passes(event: Pick<StoredEvent, 'type' | 'data'>): boolean;
  /** It names an event that is not kept. */
  readonly asksForLive: boolean;
}

const LOGGED: ReadonlySet<string> = new Set(EVENT_TYPES);
const LIVE: ReadonlySet<string> = new Set(LIVE_EVENT_TYPES);

/**
 * @param takesLive of a stream, and not of the log
 * @throws {ApiError} VALIDATION that names what is no event
 */
export function readEventNames(text: string, takesLive: boolean): ReadonlySet<StreamedType> {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const live = names.find((name) => LIVE.has(name));
  if (live !== undefined && !takesLive) {
    throw new ApiError('VALIDATION', {
      message: `The request is not valid: \`${live}\` is told to open streams and not kept. Open a stream with \`events=${live}\`.`,
    });
  }
  const unknown = names.filter((name) => !LOGGED.has(name) && !LIVE.has(name));
  if (unknown.length > 0 || names.length === 0) {
    throw new ApiError('VALIDATION', {
      message: `The request is not valid: \`events\` names no event with ${JSON.stringify(unknown[0] ?? text)}. \`details.events\` are those that there are; put commas between several.`,
      details: { events: EVENT_TYPES },
    });
  }
  return new Set(names as StreamedType[]);
}

interface OfChat {
  chat?: unknown;
  chatAlt?: unknown;
  to?: unknown;
  identities?: { chat?: { contactId?: unknown; jid?: unknown; lid?: unknown } };
}

/** @param jids all names of the chat; @param contactId of the person that it is with */
function isOfChat(data: OfChat, jids: ReadonlySet<unknown>, contactId: string): boolean {
  const { chat, chatAlt, to, identities } = data;
  const { jid, lid, contactId: contact } = identities?.chat ?? {};
  return [chat ?? to, chatAlt, jid, lid].some((name) => jids.has(name)) || (contact ?? '') === contactId;
}

export function createEventFilter(wanted: {
  names?: readonly (ReadonlySet<StreamedType> | undefined)[];
  chat?: { given: string; jids: readonly string[] } | undefined;
}): EventFilter {
  const names = (wanted.names ?? []).filter((set) => set !== undefined);
  const { chat } = wanted;
  const jids = new Set<unknown>(chat?.jids);
  const takes = (type: StreamedType) => names.every((set) => set.has(type));
  return {
    passes: ({ type, data }) => takes(type) && (!chat || isOfChat(data, jids, chat.given)),
    // Without a name it takes what the log has.
    asksForLive: names.length > 0 && LIVE_EVENT_TYPES.some(takes),
  };
}
