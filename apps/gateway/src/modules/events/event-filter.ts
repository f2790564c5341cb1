import { EVENT_TYPES, type EventType } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import type { StoredEvent } from './present-event.ts';

/** Which events a stream shows. */
export type EventFilter = (event: Pick<StoredEvent, 'type' | 'data'>) => boolean;

const KNOWN: ReadonlySet<string> = new Set(EVENT_TYPES);

/** @throws {ApiError} VALIDATION that names what is no event */
export function readEventNames(text: string): ReadonlySet<EventType> {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const unknown = names.filter((name) => !KNOWN.has(name));
  if (unknown.length > 0 || names.length === 0) {
    throw new ApiError('VALIDATION', {
      message: `The request is not valid: \`events\` names no event with ${JSON.stringify(unknown[0] ?? text)}. \`details.events\` are those that there are; put commas between several.`,
      details: { events: EVENT_TYPES },
    });
  }
  return new Set(names as EventType[]);
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
  names?: readonly (ReadonlySet<EventType> | undefined)[];
  chat?: { given: string; jids: readonly string[] } | undefined;
}): EventFilter {
  const names = (wanted.names ?? []).filter((set) => set !== undefined);
  const { chat } = wanted;
  const jids = new Set<unknown>(chat?.jids);
  return ({ type, data }) => names.every((set) => set.has(type)) && (!chat || isOfChat(data, jids, chat.given));
}
