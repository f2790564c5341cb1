import {
  type Chat,
  LIMITS,
  type ListChatsQuery,
  type ListChatsResult,
  type ListMessagesQuery,
  type ListMessagesResult,
  type Message,
} from '@wa-gate/contracts';
import { timeOfId } from '@wa-gate/kit';
import { otherSpellings } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
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
  };
}

function filterOf({ cursor, unread, search }: ListChatsQuery): ChatFilter {
  if (cursor !== undefined && !isUuid(cursor)) {
    throw new ApiError('VALIDATION', {
      message: 'The cursor is not valid: use `pagination.nextCursor` of the page before.',
    });
  }
  return {
    before: cursor,
    isUnread: unread,
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

const present = ({ jid, slug, lastMessageId, unreadCount, identity }: ChatRecord, lastMessage?: Message): Chat => ({
  chat: jid,
  sessionId: slug,
  isGroup: jid.endsWith('@g.us'),
  name: identity.name,
  identity,
  unreadCount,
  ...(lastMessage && { lastMessage }),
  lastActivityAt: new Date(timeOfId(lastMessageId)).toISOString(),
});
