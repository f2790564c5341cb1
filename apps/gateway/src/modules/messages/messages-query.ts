import {
  describeMessageState,
  type ExportMessagesQuery,
  type ListMessagesQuery,
  MEDIA_TYPES,
  MESSAGE_TYPES,
  type MessageStateName,
  type MessageTypeName,
  messageStatesOf,
} from '@wa-gate/contracts';
import type { MessageDirection } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { firstIdOf } from '../../http/period.ts';
import type { ContactNames } from '../contacts/index.ts';
import { readSearch, type SearchTerms } from '../message-index/index.ts';
import { isMessageId, type MessageFilter } from './messages.repository.ts';

/** What the query string of a list or an export asks for, without its page. */
type FilterQuery = Omit<ExportMessagesQuery, 'format'>;

/** The filter of a query. The words that it looks for are read, and where they are looked for the caller knows. */
export interface ReadFilter {
  filter: MessageFilter;
  terms: SearchTerms | undefined;
}

/**
 * What a query asks for: ids grow with time, so that times are bounds of ids.
 *
 * @throws {ApiError} VALIDATION where no message can be meant
 */
export async function filterOf(
  query: FilterQuery,
  workspaceId: string,
  names: Pick<ContactNames, 'ofChat'>,
): Promise<ReadFilter> {
  const { source, chat, contact, from, to, text } = query;
  if (from !== undefined && to !== undefined && new Date(from) >= new Date(to)) {
    refuse('`from` is not before `to`: no time lies between them.');
  }
  const direction = directionOf(query);
  const filter: MessageFilter = {
    from: from && firstIdOf('from', from),
    before: to && firstIdOf('to', to),
    direction,
    source,
    states: statesOf(query, direction),
    types: typesOf(query),
    chatJids: chat === undefined ? undefined : await names.ofChat(workspaceId, chat),
    contactJids: contact === undefined ? undefined : await personOf(names, workspaceId, contact),
  };
  return { filter, terms: text === undefined ? undefined : termsOf(text) };
}

function directionOf({ direction, fromMe, source }: FilterQuery): MessageDirection | undefined {
  const byAuthor = fromMe === undefined ? undefined : fromMe ? 'outbound' : 'inbound';
  if (direction !== undefined && byAuthor !== undefined && direction !== byAuthor) {
    refuse(
      `\`direction=${direction}\` and \`fromMe=${fromMe}\` exclude each other: messages of the account are outbound.`,
    );
  }
  const asked = direction ?? byAuthor;
  if (source !== undefined && asked === 'inbound') {
    refuse('`source` says where a message of the account went out: inbound messages have none.');
  }
  return asked?.toUpperCase() as MessageDirection | undefined;
}

function statesOf(
  { status, state }: FilterQuery,
  direction: MessageDirection | undefined,
): MessageStateName[] | undefined {
  if (status === undefined && state === undefined) return undefined;
  const states = state === undefined ? messageStatesOf(status!) : [state.toUpperCase() as MessageStateName];
  if (status !== undefined && state !== undefined && describeMessageState(states[0]!).status !== status) {
    const belongs = describeMessageState(states[0]!).status;
    refuse(`A message in the state \`${state}\` has the status \`${belongs}\`, not \`${status}\`.`);
  }
  const cameIn = states.includes('RECEIVED');
  if (direction !== undefined && cameIn !== (direction === 'INBOUND')) {
    refuse(
      `Messages that are ${direction.toLowerCase()} never are \`${state ?? status}\`: what came in is \`received\`.`,
    );
  }
  return states;
}

const HAS_FILE: ReadonlySet<MessageTypeName> = new Set(MEDIA_TYPES);

function typesOf({ type, hasMedia }: FilterQuery): MessageTypeName[] | undefined {
  if (type !== undefined && hasMedia !== undefined && HAS_FILE.has(type) !== hasMedia) {
    refuse(
      `\`type=${type}\` and \`hasMedia=${hasMedia}\` exclude each other. Types with a file: ${MEDIA_TYPES.join(', ')}.`,
    );
  }
  if (type !== undefined) return [type];
  if (hasMedia === undefined) return undefined;
  return hasMedia ? [...MEDIA_TYPES] : MESSAGE_TYPES.filter((name) => !HAS_FILE.has(name));
}

async function personOf(names: Pick<ContactNames, 'ofChat'>, workspaceId: string, contact: string): Promise<string[]> {
  const jids = await names.ofChat(workspaceId, contact);
  if (jids.some((jid) => jid.endsWith('@g.us')))
    refuse('`contact` is a group. Use `chat` for the messages of a group.');
  return jids;
}

function termsOf(text: string): SearchTerms {
  return readSearch(text) ?? refuse('`text` has no letter, digit or emoji that could be looked for.');
}

/** Between which ids a page lies: from its cursor on, or at the end of the time that is asked for. */
export function pageOf(
  { cursor, after }: Pick<ListMessagesQuery, 'cursor' | 'after'>,
  filter: MessageFilter,
): MessageFilter {
  if (cursor !== undefined && after !== undefined) {
    refuse('`cursor` leads to older messages and `after` to newer ones: give one of them.');
  }
  if (after !== undefined) return { ...filter, after: idOf('after', after) };
  if (cursor === undefined) return filter;
  const id = idOf('cursor', cursor);
  return { ...filter, before: filter.before !== undefined && filter.before < id ? filter.before : id };
}

function idOf(parameter: 'cursor' | 'after', given: string): string {
  if (isMessageId(given)) return given.toLowerCase();
  const from = parameter === 'cursor' ? 'nextCursor' : 'previousCursor';
  return refuse(
    `The ${parameter === 'cursor' ? 'cursor' : '`after`'} is not valid: use \`pagination.${from}\` of the page before.`,
  );
}

function refuse(message: string): never {
  throw new ApiError('VALIDATION', { message });
}
