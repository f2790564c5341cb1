import {
  type Chat,
  LIMITS,
  type ListChatsQuery,
  type ListChatsResult,
  type ListLabelsResult,
  type ListMessagesQuery,
  type ListMessagesResult,
  type ListStarredQuery,
  type ListStarredResult,
  type Message,
} from '@wa-gate/contracts';
import { timeOfId } from '@wa-gate/kit';
import { otherSpellings, presentChatSettings } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { SessionRef } from '../../principal.ts';
import type { ContactNames } from '../contacts/index.ts';
import type { MessageIndex } from '../message-index/index.ts';
import type { MessagesService } from '../messages/index.ts';
import type { Reach } from '../sessions/index.ts';
import type { ChatFilter, ChatRecord, ChatsRepository } from './chats.repository.ts';

export interface ChatsService {
  list(reach: Reach, query: ListChatsQuery): Promise<ListChatsResult>;
  /**
   * Messages of a chat, by any of its names.
   *
   * @throws {ApiError} CONTACT_NOT_FOUND for an id that no contact has
   */
  messages(reach: Reach, query: ListMessagesQuery & { chat: string }): Promise<ListMessagesResult>;
  /** Labels of WhatsApp Business of a session. */
  labels(session: Pick<SessionRef, 'id'>): Promise<ListLabelsResult>;
  /** Messages of a session with a star. */
  starred(session: Pick<SessionRef, 'id'>, query: ListStarredQuery): Promise<ListStarredResult>;
}

export function createChatsService(deps: {
  chats: ChatsRepository;
  index: Pick<MessageIndex, 'catchUp' | 'sessionsOf'>;
  messages: Pick<MessagesService, 'byIds' | 'list'>;
  names: Pick<ContactNames, 'ofChat'>;
}): ChatsService {
  const { chats, index, messages, names } = deps;
  return {
    async list(reach, query) {
      const { limit = LIMITS.pageDefault } = query;
      const filter = filterOf(query);
      await index.catchUp(await index.sessionsOf(reach));
      const records = await chats.list(reach, filter, limit + 1);
      const page = records.slice(0, limit);
      const latest = await messages.byIds(page.map(({ lastMessageId }) => lastMessageId));
      const byId = new Map(latest.map((message) => [message.id, message]));
      const hasMore = records.length > limit;
      return {
        chats: page.map((record) => present(record, byId.get(record.lastMessageId))),
        pagination: { nextCursor: hasMore ? page.at(-1)!.lastMessageId : null, hasMore },
      };
    },

    async messages(reach, query) {
      const known = await names.ofChat(reach.workspaceId, query.chat);
      if (known.length === 0) throw new ApiError('CONTACT_NOT_FOUND');
      return await messages.list(reach, query);
    },

    async labels({ id }) {
      const labels = await chats.labels(id);
      return { labels: labels.map((label) => ({ ...label, updatedAt: label.updatedAt.toISOString() })) };
    },

    async starred({ id }, { cursor, limit = LIMITS.pageDefault }) {
      const ids = await chats.starred(id, cursorOf(cursor), limit + 1);
      const page = ids.slice(0, limit);
      const hasMore = ids.length > limit;
      return {
        messages: await messages.byIds(page),
        pagination: { nextCursor: hasMore ? page.at(-1)! : null, hasMore },
      };
    },
  };
}

function cursorOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined || isUuid(cursor)) return cursor;
  throw new ApiError('VALIDATION', {
    message: 'The cursor is not valid: use `pagination.nextCursor` of the page before.',
  });
}

function filterOf({ cursor, unread, search, archived, pinned, muted, label }: ListChatsQuery): ChatFilter {
  return {
    before: cursorOf(cursor),
    isUnread: unread,
    isArchived: archived,
    isPinned: pinned,
    isMuted: muted,
    labelId: label,
    name: search,
    digits: search === undefined ? undefined : digitsOf(search),
  };
}

/** What all spellings of a number share, or a part of one: it is written without its country code, too. */
function digitsOf(search: string): string | undefined {
  const digits = search.replaceAll(/[\s()+./-]/g, '').replace(/^0+/, '');
  if (!/^\d{2,}$/.test(digits)) return undefined;
  const [other] = otherSpellings(digits);
  if (other === undefined) return digits;
  let length = 0;
  while (length < other.length && digits.at(-1 - length) === other.at(-1 - length)) length += 1;
  return digits.slice(-length);
}

const present = (record: ChatRecord, lastMessage?: Message): Chat => {
  const { jid, slug, lastMessageId, unreadCount, identity, settings, labels } = record;
  return {
    chat: jid,
    sessionId: slug,
    isGroup: jid.endsWith('@g.us'),
    name: identity.name,
    identity,
    unreadCount,
    ...presentChatSettings(mutedForEver(settings), Date.now()),
    labels,
    ...(lastMessage && { lastMessage }),
    lastActivityAt: new Date(timeOfId(lastMessageId)).toISOString(),
  };
};

/** JSON of PostgreSQL has the infinite time as a string. */
const mutedForEver = (settings: ChatRecord['settings']) =>
  settings && { ...settings, mutedUntil: settings.mutedUntil === null ? null : Number(settings.mutedUntil) };
